"""Where nodes stand: below all that leads to them, none on another, and no edge through a node."""

from hypothesis import given
from hypothesis import strategies as st

from tinygrad_edu.explain.layout import layout


@st.composite
def graphs(draw):
    """(nodes, edges), as a walk meets them: each but the first is led to by an earlier one."""
    n = draw(st.integers(1, 12))
    first = [(draw(st.integers(0, i - 1)), i) for i in range(1, n)]
    pairs = st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=10)
    more = [(min(pair), max(pair)) for pair in draw(pairs) if pair[0] != pair[1]] if n > 1 else []
    return range(n), first + more


@given(graphs())
def test_nodes_and_edges_keep_apart(graph):
    nodes, edges = graph
    places, paths = layout(nodes, edges)
    assert set(places) == set(nodes)
    assert set(paths) == set(edges)
    assert min(column for column, _ in places.values()) >= 0
    inside = {(edge, place) for edge, path in paths.items() for place in path[1:-1]}
    taken = [*places.values(), *(place for _, place in inside)]
    for i, (column, row) in enumerate(taken):
        assert all(abs(column - c) > 0.99 for c, r in taken[:i] if r == row)
    for (a, b), path in paths.items():
        assert (path[0], path[-1]) == (places[a], places[b])
        assert [row for _, row in path] == list(range(places[a][1], places[b][1] + 1))


def test_a_row_is_the_longest_path():
    places, _ = layout("cba", ["cb", "ba", "ca"])
    assert {node: row for node, (_, row) in places.items()} == {"c": 0, "b": 1, "a": 2}


def test_neighbours_stand_in_order_so_that_edges_do_not_cross():
    places, _ = layout("rabcd", ["ra", "rb", "ad", "bc"])
    assert (places["a"] < places["b"]) == (places["d"] < places["c"])


def test_what_everything_leads_to_takes_no_time():
    nodes = range(1000)
    edges = [(i, i + 1) for i in range(999)] + [(i, 999) for i in range(998)]
    _, paths = layout(nodes, edges)
    assert len(paths[0, 999]) == 2  # too many bends, so straight
