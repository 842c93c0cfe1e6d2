"""parity.mutants.named: parity diff names the op of a mutant, and its cause; and who is named wrongly is shown so."""

import json
from dataclasses import replace

import pytest

from parity.mutants import named
from parity.mutants.catalogue import catalogue
from parity.mutants.hunt import Unfit
from parity.mutants.named import Named

MUTANTS = {mutant.name: mutant for mutant in catalogue()}
FOUND = Named("sum", "gradient", "input", "rules.py:26", 2, ["ours is wrong"], ["axis not put back"])


@pytest.mark.parametrize("mutant", catalogue(), ids=lambda mutant: mutant.name)
def test_the_catalogue_says_what_must_be_named(mutant):
    assert bool(mutant.named) == (mutant.chapter not in ("streams", "data", "functions"))
    assert mutant.named or not mutant.cause


@pytest.mark.sweep
def test_mutants_are_named_and_their_causes(torch):
    mutants = [MUTANTS["a step too soon"], MUTANTS["borrowed buffer"]]
    assert {mutant.name: (said.right(mutant), said.knows(mutant)) for mutant, said in named.name(mutants, 1)} == {
        "a step too soon": (True, True),
        "borrowed buffer": (True, True),
    }


def looks(monkeypatch, clean, planted):
    """A look that sees one thing in the code as it is, and another where the mutant is planted."""
    bug = MUTANTS["axis not put back"]

    def look(tree, chapter):
        texts = (path.read_text(encoding="utf-8") for path in (tree / "tinygrad_edu").rglob("*.py"))
        return clean if any(bug.old in text for text in texts) else planted

    monkeypatch.setattr(named, "look", look)
    return bug.name


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        (FOUND, 0, "1 of   1 named rightly;   1 of   1 causes;   1 of   1 noticed"),
        (replace(FOUND, suspects=["wrong count"]), 0, "1 of   1 named rightly;   0 of   1 causes"),
        (replace(FOUND, op="mean"), 1, "0 of   1 named rightly;   1 of   1 causes"),
        (Named(), 1, "0 of   1 named rightly;   0 of   1 causes;   0 of   1 noticed"),
    ],
)
def test_who_is_named_wrongly_is_shown_so(monkeypatch, capsys, tmp_path, torch, said, status, words):
    pytest.importorskip("rich")
    name = looks(monkeypatch, Named(), said)
    assert named.main([name, "--json", str(tmp_path / "named.json")]) == status
    assert f"rules        {words}" in (out := capsys.readouterr().out)
    assert ("WRONG" in out) == (said != FOUND)
    (facts,) = json.loads((tmp_path / "named.json").read_text())
    assert facts["said"]["op"] == said.op
    assert facts["right"] == (status == 0)


def test_a_finding_in_the_code_as_it_is(monkeypatch, capsys, torch):
    pytest.importorskip("rich")
    name = looks(monkeypatch, FOUND, FOUND)
    assert named.main([name]) == 2
    assert "rules.py leads to a finding in the code as it is: sum" in capsys.readouterr().err
    with pytest.raises(Unfit):
        list(named.name([MUTANTS[name]]))


def test_an_unknown_name_is_told_so(capsys, torch):
    pytest.importorskip("rich")
    assert named.main(["linear.dz"]) == 2
    assert "there is no mutant or chapter 'linear.dz' with a script" in capsys.readouterr().err


def test_a_diff_that_crashes_has_named_nothing(tmp_path):
    package = tmp_path / "parity" / "mutants"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    (package / "look.py").write_text("1 / 0")
    assert named.look(tmp_path, "rules") == Named("parity diff", "ZeroDivisionError: division by zero")
