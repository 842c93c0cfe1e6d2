"""What was found once stays mended."""

import runpy
import warnings
from pathlib import Path

import pytest

SCRIPTS = sorted(Path(__file__).parent.glob("found_*.py"))


def run(script):
    """The exit status of a script."""
    with warnings.catch_warnings(action="ignore"):
        try:
            runpy.run_path(str(script), run_name="__main__")
        except SystemExit as end:
            return end.code
    return 0


def test_what_was_found_stays_mended(torch):
    pytest.importorskip("expecttest")
    assert [script.name for script in SCRIPTS if run(script)] == []


def test_a_script_that_exits_with_1_is_seen(tmp_path):
    for status, text in {0: "", 1: "import sys; sys.exit(True)", 2: "raise SystemExit(2)"}.items():
        (tmp_path / "script.py").write_text(text)
        assert run(tmp_path / "script.py") == status
