"""The long search: it goes on where it was stopped, and what it finds becomes a script that fails until it is mended."""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import tinygrad_edu as tg
from tests.found.test_found import run
from tests.sweep import of_sample

ROOT = Path(__file__).parents[1]

SHARDS = '''
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

HERE = Path(__file__).parent


class Program:
    """What a strategy of programs gives: it can be printed as a script."""

    def __init__(self, number):
        self.number = number

    def script(self):
        return f"import sys, pathlib\\nsys.exit({self.number} >= 7 and pathlib.Path({str(HERE)!r}, 'bug').exists())\\n"


@pytest.mark.sweep
@pytest.mark.parametrize("shard", [0, 1, 2])
@settings(max_examples=20)
@given(number=st.integers(0, 1000))
def test_programs(shard, number):
    (HERE / "ran").open("a").write(f"{shard} {number}\\n")
    if shard == 1 and (HERE / "interrupt").exists():
        raise KeyboardInterrupt
    program = Program(number)
    assert not (shard == 2 and number >= 7 and (HERE / "bug").exists())


def test_that_is_no_search():
    raise AssertionError("it is make test's")
'''


@pytest.fixture
def sweep(tmp_path):
    """The search over a few shards: the exit status, what was printed, and which shards were run."""
    (tmp_path / "test_shards.py").write_text(SHARDS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = sweep\n")

    def sweep(*arguments):
        (tmp_path / "ran").unlink(missing_ok=True)
        folders = ("--sweep-folder", tmp_path / "sweep", "--found-folder", tmp_path / "found")
        plugins = ("-p", "tests.sweep", "-p", "_hypothesis_pytestplugin", "-p", "xdist", "-p", "no:cacheprovider")
        command = [sys.executable, "-m", "pytest", *plugins, "-q", *folders]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        ended = subprocess.run(
            [*map(str, command), *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        ran = (tmp_path / "ran").read_text().split("\n")[:-1] if (tmp_path / "ran").exists() else []
        return ended.returncode, ended.stdout, ran

    return sweep


def shards(ran):
    return sorted({line.split()[0] for line in ran})


def lines(tmp_path):
    return [json.loads(line) for line in (tmp_path / "sweep" / "shards.jsonl").read_text().splitlines()]


def test_a_search_goes_on_where_it_was_stopped_and_keeps_what_it_finds(sweep, tmp_path):
    (tmp_path / "interrupt").touch()
    (tmp_path / "bug").touch()
    status, printed, ran = sweep()
    assert status == pytest.ExitCode.INTERRUPTED
    assert shards(ran) == ["0", "1"]
    assert [line["verdict"] for line in lines(tmp_path)] == ["passed"]

    (tmp_path / "interrupt").unlink()
    status, printed, ran = sweep()
    assert status == pytest.ExitCode.TESTS_FAILED
    assert shards(ran) == ["1", "2"]
    (script,) = (tmp_path / "found").glob("found_*.py")
    assert "sys.exit(7 >= 7" in script.read_text()  # shrunk
    assert run(script) == 1
    assert f"FAILED test_shards.py::test_programs[2], kept as {script.name}" in printed
    assert "2 of 2 shards" in printed

    (tmp_path / "bug").unlink()
    assert run(script) == 0
    status, printed, ran = sweep()
    assert status == 0
    assert shards(ran) == ["2"]
    assert "test_shards.py       3       3       0        0          60" in printed
    status, printed, ran = sweep()
    assert status == 0
    assert ran == []
    assert {line["shard"][-3:]: line["verdict"] for line in lines(tmp_path)} == dict.fromkeys(
        ["[0]", "[1]", "[2]"], "passed"
    )


def test_what_a_walk_finds_is_walked_once_more(torch, tmp_path, monkeypatch):
    pytest.importorskip("expecttest")
    with warnings.catch_warnings(action="ignore"):
        from parity.ops.walk import walk
    script, right = tmp_path / "found.py", tg.exp
    with monkeypatch.context() as planted:
        planted.setattr(tg, "exp", lambda x: right(x) * 1.001)
        row = walk("exp", ["float64"], 1)
        script.write_text(of_sample("parity.ops.walk", "exp", row.findings[0]))
        assert "exp float64 #0 forward: ours" in script.read_text()
        assert run(script) == 1
    assert run(script) == 0


@pytest.mark.sweep
def test_processes_share_a_search_and_a_seed_draws_the_same(sweep):
    status, printed, first = sweep("-n", "2", "--maxschedchunk", "1")
    assert status == 0
    assert "Left: 0 shards" in printed
    assert sweep("-n", "2")[2] == []
    for arguments, same in (["--again"], True), (["--again", "--sweep-seed", "1"], False):
        assert (sorted(sweep(*arguments)[2]) == sorted(first)) == same
    assert len({tuple(line.split()[1] for line in first if line[0] == shard) for shard in "012"}) == 3
