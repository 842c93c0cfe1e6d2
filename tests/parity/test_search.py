"""The program search finds a planted bug, says it as a script, and finds nothing where nothing is planted."""

import pytest

from parity.mutants.catalogue import catalogue
from parity.mutants.search import hunted, line, searched, summary

pytestmark = pytest.mark.usefixtures("torch")


def test_a_planted_bug_is_found_and_its_script_tells_the_copy_from_the_original():
    mutant = next(m for m in catalogue() if m.name == "the last use wins")
    found = hunted(mutant, 1337, 50)
    assert (found["there"], found["here"]) == (1, 0)
    operations, numbers = found["size"]
    assert operations <= 3
    assert numbers <= 4
    assert line(mutant, found).endswith("reproduced")


def test_nothing_is_found_where_nothing_is_planted():
    assert searched(1337, 20) == {"tried": 20}


def test_the_summary_counts_by_chapter_what_was_found(capsys):
    found = dict(size=(2, 1), tried=10, there=1, here=0)
    summary([dict(chapter="engine", **found), dict(chapter="engine", tried=500), dict(chapter="rules", **found)])
    assert capsys.readouterr().out == (
        "engine 1 of 2, rules 1 of 1 found; medians: 10 examples, 2 ops, 1 numbers; 2 of 2 scripts reproduce it\n"
    )
