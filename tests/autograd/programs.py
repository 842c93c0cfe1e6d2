"""Programs that run in both engines and are compared: results exactly, errors by their type."""

from tests.snippets import outcome


def leaf(t, *values):
    return t.tensor(values, dtype=t.float64, requires_grad=True)


def error(attempt):
    """The name of the exception that was raised, or "none"."""
    happened = outcome(lambda _: attempt(), None)
    return type(happened).__name__ if isinstance(happened, Exception) else "none"


def agree(program, ours, theirs):
    """Run the program in both engines and compare."""
    ours, theirs = outcome(program, ours), outcome(program, theirs)
    assert not isinstance(theirs, Exception), theirs
    if isinstance(ours, Exception):
        raise ours
    assert ours == theirs
