"""The charts: curves and cells are where the numbers are."""

import math
import re

import pytest

from tinygrad_edu.explain import html
from tinygrad_edu.explain.charts import Axis, Row, Scale, Series, chart, lines, strip, ticks

from .structure import check

AXIS = Axis("step", 0, 10)
KAPPA = Scale(0.1, 64, limit=True)


def points(markup):
    d = re.search(r'<path d="([^"]*)" class="line ink">', markup)[1]
    return [[tuple(map(float, p.split())) for p in part.split("L")] for part in re.findall(r"M([^Mh]+)", d)]


def test_a_curve_goes_through_its_points():
    curve = points(lines(AXIS, [Series("ink", [0, 5, 10], [0.0, 1.0, 2.0])]))[0]
    assert [x for x, _ in curve] == [0, 500, 1000]
    heights = [y for _, y in curve]
    assert heights[0] > heights[1] > heights[2] > 0
    assert heights[1] == pytest.approx((heights[0] + heights[2]) / 2)


def test_a_curve_has_a_gap_where_there_is_no_number():
    for missing in (None, math.nan, math.inf):
        parts = points(lines(AXIS, [Series("ink", [0, 1, 2, 3], [1.0, 2.0, missing, 3.0])]))
        assert [len(part) for part in parts] == [2, 1]


def test_a_long_curve_keeps_its_extremes():
    y = [0.0] * 100_000
    y[54_321] = 1.0
    made = lines(Axis("step", 0, 1e5), [Series("ink", range(100_000), y)])
    heights = [y for part in points(made) for _, y in part]
    assert len(made) < 40_000
    assert min(heights) < max(heights) - 80


def test_curves_of_nothing_of_one_point_and_of_equal_numbers_are_drawn():
    for y in ([], [None], [math.nan], [3.0], [0.0, 0.0], [1e-300, 1e300]):
        for options in ({}, {"zero": True}, {"log": bool(y) and y[0] == 1e-300}):
            assert "nan" not in lines(AXIS, [Series("ink", range(len(y)), y)], **options)


def test_cells_are_shaded_by_their_logarithm():
    levels = [KAPPA.level(x) for x in (None, 0, 0.01, 0.1, 0.3, 2.6, 63, 64, 65, math.inf, math.nan)]
    assert levels == [None, None, *["level-0"] * 2, "level-1", "level-4", *["level-7"] * 2, *["beyond"] * 2, "nan"]
    assert Scale(1e-9, 1).level(5) == "level-7"


def test_neighbours_of_one_shade_are_one_mark():
    made = strip(Axis("step", 0, 5), range(6), [1, 1, None, 100, 1], KAPPA)
    assert '<path d="M600 50h200" class="beyond">' in made
    assert re.search(r'<path d="M0 50h400M800 50h200" class="level-\d">', made)


def test_ticks_are_round_and_few():
    for low, high in ((0, 1), (1, 1000), (0.693, 0.694), (-3e-9, 4e8), (0, 7), (1, 1)):
        found = ticks(low, high)
        assert 1 <= len(found) <= 5
        assert all(low <= x <= high for x in found)


def test_a_chart_says_in_words_how_each_row_ends():
    rows = [Row("a <b>", strip(AXIS, range(11), [1] * 10, KAPPA), "1.0", "kappa-0")]
    found = check(html.document("t", html.element("h1", "T"), chart("κ over steps", rows, AXIS, end="worst")))
    assert found.texts["caption"] == "κ over steps"
    assert "1.0" in found.texts["td"]
    assert {"scope": "row"} in found.all("th")
