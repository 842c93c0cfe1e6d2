"""The judges, as they run in a mutant's tree: python -m parity.mutants.judges PANEL SEED CHAPTER. What they find goes to stdout.

A panel is one process, and may seat several judges:

unit       the examples of tests/, but not those of the judges themselves, nor of the docs, which only compare texts
property   what tests/ derives from the ops' declarations, and what Hypothesis makes up
parity     trainings beside torch, and what disagrees first: in lock-step in float64, in float32 (κ), or in what is drawn
"""

import contextlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import pytest

import tinygrad_edu
from parity import Options, run

DERIVED = "tests/ops/test_declared.py"
DRAWS = "tests/test_random.py"  # takes longer than all else: run last, and only for mutants of what is drawn
OTHERS = ("tests/parity", "tests/testing", "tests/test_docs.py")

# Short, and together all that parity's cases can do: every case, optimizer and activation, an epoch's end.
TRAININGS = [
    Options(steps=10),
    Options(model="mlp", optimizer="sgd", steps=10),
    Options(model="mlp", depth=3, activation="tanh", optimizer="adamw", steps=10),
    Options(data="breast-cancer", model="mlp", activation="sigmoid", epochs=2),
    *(Options(data, steps=2) for data in ("text-mlp", "char-cnn", "lenet", "gpt")),
    Options("lstm", batch_size=460, steps=4),  # an epoch each: the learning rate falls after three
]


def catch(start, what, evidence):
    """What a judge found: how soon, in a word or two, and in full."""
    return {"seconds": perf_counter() - start, "what": what, "evidence": evidence}


# ------------------------------------------------------------------ tests


class Panel:
    """A pytest plugin: it keeps those tests that make one judge, and remembers the first that fails."""

    def __init__(self, judge):
        self.judge, self.caught, self.start = judge, None, perf_counter()

    @pytest.hookimpl(trylast=True)  # after Hypothesis has marked what is its own
    def pytest_collection_modifyitems(self, items):
        derived = lambda item: item.nodeid.startswith(DERIVED)
        judge = lambda item: "property" if derived(item) or item.get_closest_marker("hypothesis") else "unit"
        last = lambda item: item.nodeid.startswith(DRAWS)
        items[:] = sorted((item for item in items if judge(item) == self.judge), key=last)

    def pytest_collectreport(self, report):
        if report.failed:
            self.caught = catch(self.start, "crash", f"{report.nodeid} cannot be imported")

    def pytest_runtest_logreport(self, report):
        if report.failed and not self.caught:
            self.caught = catch(self.start, in_short(report.nodeid), report.nodeid)


def in_short(nodeid):
    """Of tests/test_graph.py::test_it, graph; of what is derived for an op, as test_it[exp (2, 3)], the op."""
    path, _, test = nodeid.partition("::")
    about = test.partition("[")[2].rstrip("]").split()[:1] if path == DERIVED else []
    return about[0].rpartition("-")[2] if about else Path(path).stem.removeprefix("test_")


def tested(judge, chapter):
    panel = Panel(judge)
    skipped = [f"--ignore={path}" for path in OTHERS + (DRAWS,) * (chapter not in ("streams", "data"))]
    status = pytest.main(["tests", "-x", "-q", "-p", "no:cacheprovider", "-m", "not sweep", *skipped], plugins=[panel])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
        raise SystemExit(f"pytest could not do its work: {status!r}")
    return {judge: panel.caught}


# ------------------------------------------------------------------ trainings


def trained(seed):
    found = {}
    for dtype in ("float64", "float32"):
        start = perf_counter()
        for options in TRAININGS:
            for judge, what, evidence in disagreements(replace(options, seed=seed), dtype):
                found.setdefault(judge, catch(start, what, evidence))
    return {judge: found.get(judge) for judge in ("float64", "float32", "seeds")}


def disagreements(options, dtype):
    """(judge, in short, in full) for each ledger that disagrees.

    The free run is left out: whatever is drawn otherwise or computed otherwise shows there too, and so says no more."""
    try:
        (compared,) = run(options, (dtype,)).runs
    except Exception as error:
        yield dtype, "crash", f"{options}: {type(error).__name__}: {error}"
        return
    for ledger in compared.ledgers:
        if (row := ledger.first_failure) and ledger.name in ("drawn", "lock-step", "optimizer"):
            step = f"step {row.failed_step}"
            evidence = f"{options}: {ledger.name}, {step}, {row.quantity} ({row.tensor}): {row.failure}"
            if ledger.name == "drawn":
                yield "seeds", row.quantity.split()[-1], evidence
            else:
                in_sigma = ledger.name == "lock-step" and dtype == "float32"
                yield dtype, f"κ {row.kappa.value:.3g}" if in_sigma else step, evidence


def main(panel, seed, chapter):
    here, engine = Path.cwd().resolve(), Path(tinygrad_edu.__file__).resolve()
    if not engine.is_relative_to(here):
        raise SystemExit(f"the judges would look at {engine}, and not at the tree in {here}")
    with contextlib.redirect_stdout(sys.stderr):
        found = trained(int(seed)) if panel == "parity" else tested(panel, chapter)
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
