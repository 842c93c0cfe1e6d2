"""What is generated is up to date; what is taught runs, and soon."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HERE = {**os.environ, "PYTHONPATH": str(ROOT)}
LESSONS = sorted((ROOT / "lessons").glob("[0-9]*.py"))


def test_the_stubs_and_the_table_of_derivatives_are_what_the_registry_says():
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, env=HERE, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_runs_in_ten_seconds_and_is_no_longer_than_150_lines(lesson):
    before = os.times().children_user  # of the processor: how busy the machine is says nothing of the lesson
    done = subprocess.run([sys.executable, lesson], cwd=ROOT, capture_output=True, text=True, env=HERE)
    assert done.returncode == 0, done.stderr
    assert os.times().children_user - before < 10
    assert len(lesson.read_text().splitlines()) <= 150


def test_the_five_files_to_read_are_under_a_thousand_lines():
    files = ["graph.py", "tensor.py", "op.py", "ops/elementwise.py", "nn/module.py"]
    assert sum(len((ROOT / "tinygrad_edu" / f).read_text().splitlines()) for f in files) < 1000
