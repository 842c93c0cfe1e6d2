"""The mutants: the catalogue fits the code, and a mutant that nobody notices is noticed."""

import ast
import json
from contextlib import nullcontext

import pytest

from parity.mutants import __main__ as command
from parity.mutants.catalogue import Misplaced, Mutant, catalogue
from parity.mutants.hunt import JUDGES, ROOT, Bench, Catch, hunt

NOTHING = dict.fromkeys(JUDGES)
HARMLESS = Mutant(
    "engine",
    "harmless",
    "nothing",
    "fifty diamonds cost fifty steps",
    "fifty diamonds cost fifty steps",
    "it is not",
)


@pytest.mark.parametrize("mutant", catalogue(), ids=lambda mutant: mutant.name)
def test_it_stands_in_one_place_and_is_a_program(mutant):
    text = mutant.place(ROOT).read_text()
    changed = text.replace(mutant.old, mutant.new)
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(text)), "else nothing is wrong with it"


def test_names_and_patches_are_all_different():
    assert len({mutant.name for mutant in catalogue()}) == len(catalogue())
    assert len({(mutant.old, mutant.new) for mutant in catalogue()}) == len(catalogue())


@pytest.mark.parametrize(
    ("old", "found"), [("no such text", "0 times"), ("import numpy as np", r"\d+ times \(tinygrad")]
)
def test_a_text_that_does_not_stand_in_one_place_is_told_so(old, found):
    with pytest.raises(Misplaced, match=found):
        Mutant("engine", "lost", "", old, "", "").place(ROOT)


class Trap:
    """A bench whose judges all see a certain text in a tree."""

    def __init__(self, text):
        self.text = text

    def __call__(self, tree, seed, chapter):
        seen = any(self.text in path.read_text() for path in (tree / "tinygrad_edu").rglob("*.py"))
        return dict.fromkeys(JUDGES, Catch(0.1, "it", "the text") if seen else None)


def trapped(monkeypatch, mutants, text):
    monkeypatch.setattr(command, "catalogue", lambda: mutants)
    monkeypatch.setattr(command, "hunt", lambda *args: hunt(*args, bench=lambda: nullcontext(Trap(text))))


def test_a_mutant_is_planted_in_a_copy(monkeypatch, capsys, tmp_path, torch):
    pytest.importorskip("rich")
    bug = catalogue()[0]
    trapped(monkeypatch, [bug], bug.new)
    assert command.main(["--json", str(tmp_path / "found.json")]) == 0
    assert "1 of 1 caught" in capsys.readouterr().out
    (found,) = json.loads((tmp_path / "found.json").read_text())
    assert found["caught"]["unit"] == {"seconds": 0.1, "what": "it", "evidence": "the text"}
    assert bug.old in bug.place(ROOT).read_text()


def test_a_survivor_is_named(monkeypatch, capsys, torch):
    pytest.importorskip("rich")
    trapped(monkeypatch, [catalogue()[0], HARMLESS], catalogue()[0].new)
    assert command.main([]) == 1
    assert "1 of 2 caught" in (out := capsys.readouterr().out)
    assert "Nobody caught: harmless." in out


def test_judges_that_find_fault_with_everything_are_unfit(monkeypatch, capsys, torch):
    pytest.importorskip("rich")
    trapped(monkeypatch, [HARMLESS], "import")
    assert command.main([]) == 2
    assert "fault with the code as it is" in capsys.readouterr().err


def test_an_unknown_name_is_told_so(monkeypatch, capsys, torch):
    pytest.importorskip("rich")
    assert command.main(["linear.dz"]) == 2
    assert "there is no mutant 'linear.dz'; there are the last use wins" in capsys.readouterr().err


def test_a_judge_that_crashes_has_noticed(tmp_path, torch):
    package = tmp_path / "parity" / "mutants"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    (package / "judges.py").write_text("1 / 0")
    with Bench() as bench:
        found = bench(tmp_path, 1337, "engine")
    assert {(catch.what, catch.evidence.partition(": ")[2]) for catch in found.values()} == {
        ("crash", "ZeroDivisionError: division by zero")
    }
