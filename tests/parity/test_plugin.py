"""The pytest plugin: its fixtures judge, its report tells, and it costs nothing where nobody uses it."""

import json
import subprocess
import sys

import pytest

import parity.fixtures  # noqa: F401  pytester forgets again what its runs are the first to import

TESTS = """
    import numpy as np

    x = np.random.default_rng(0).normal(size=(4, 3))
    single = x.astype("float32")

    def test_function(parity):
        parity(lambda torch, x, i: (x[i].softmax(-1), {"sum": x.sum(), "n": x.argmax()}), x, np.array([0, 2]))
        parity(lambda torch, x: x.exp().mean(), single)

    def test_module(parity):
        nets = lambda torch: torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Dropout())
        parity.module(nets, single)

    def test_gradcheck(gradcheck):
        gradcheck(lambda x: x * x, x)
"""
WRONG = """
    import numpy as np

    mine = lambda torch: "tinygrad_edu" in torch.__name__

    def test_output(parity):
        parity(lambda torch, x: x * (1.0001 if mine(torch) else 1), np.ones((2, 3), "float32"))

    def test_gradient(parity):
        parity(lambda torch, x: x.detach() * x if mine(torch) else x * x, np.ones(3))

    def test_module(parity):
        parity.module(lambda torch: torch.nn.BatchNorm1d(3, momentum=0.2 if mine(torch) else 0.1), np.eye(3))

    def test_error(parity):
        parity(lambda torch, x: x.no_such_thing() if mine(torch) else x, np.eye(3))

    def test_dtype(parity):
        parity(lambda torch, x: x.float() if mine(torch) else x, np.eye(3))

    def test_bug(gradcheck):
        gradcheck(lambda x: x.detach() * x, np.ones(3))

    def test_kink(gradcheck):
        gradcheck(lambda x: x.relu(), np.zeros(3))
"""


# The fixture torch comes first, so that pytester does not forget torch either.


@pytest.fixture
def run(pytester):
    def run(tests, *options):
        pytester.makepyfile(tests)
        return pytester.runpytest("-p", "parity.plugin", "-p", "no:cacheprovider", "--strict-markers", *options)

    return run


@pytest.fixture
def report(run, pytester):
    """What --parity-report=report.json says, by test."""

    def report(tests, *options):
        run(tests, "--parity-report=report.json", *options)
        told = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))
        return told, {use["test"].partition("::")[2]: use for use in told["uses"]}

    return report


@pytest.mark.torch
def test_what_agrees_passes_and_is_reported(torch, report):
    told, by_test = report(TESTS)
    assert told["agrees"]
    assert told["verdict"] == "all 4 comparisons agree"
    assert told["versions"]["torch"] == torch.__version__
    assert [by_test[f"test_{name}"]["verdict"] for name in ("function", "module", "gradcheck")] == ["agrees"] * 3
    assert by_test["test_module"]["kappa"] < 64


@pytest.mark.torch
def test_what_differs_fails_and_is_named(torch, report):
    told, by_test = report(WRONG)
    assert told["verdict"] == "7 of 7 comparisons differ"
    says = {name.removeprefix("test_"): use["text"] for name, use in by_test.items()}
    assert says["output"].startswith("tinygrad_edu and torch differ first in the output: entry [0, 0] is 1.0001")
    assert by_test["test_output"]["kappa"] > 64
    assert "differ first in the gradient of input 0: entry [2] is" in says["gradient"]
    assert says["module"].startswith(
        "tinygrad_edu and torch differ first in the buffer of running_mean: entry [0] is 0.0666"
    )
    assert says["error"].startswith("tinygrad_edu raises AttributeError where torch gives a result")
    assert says["dtype"].endswith("ours is float32 of shape (3, 3), the reference's float64 of shape (3, 3)")
    assert says["bug"].startswith("a bug: the gradient for entry [0] of input 0")
    assert says["kink"].startswith("a kink: ")


@pytest.mark.torch
def test_a_page_for_people(torch, run, pytester):
    run(WRONG, "--parity-report=out/report.html")
    page = (pytester.path / "out" / "report.html").read_text(encoding="utf-8")
    assert "7 of 7 comparisons differ" in page
    assert "test_bug" in page


@pytest.mark.torch
def test_another_engine_is_judged_in_our_place(torch, run):
    """An engine with torch's names: torch itself, and one whose products are wrong in a hundred thousandth."""
    tests = """
        import numpy as np, torch, types, pytest

        def test_engine(parity):
            f = lambda torch, x: (x * torch.factor if hasattr(torch, "factor") else x).tanh()
            parity(f, np.ones(3, "float32"), engine=torch)
            engine = types.SimpleNamespace(**vars(torch) | {"factor": 1.00001, "__name__": "other"})
            with pytest.raises(AssertionError, match="other and torch differ first in the output"):
                parity(f, np.ones(3, "float32"), engine=engine)
    """
    run(tests).assert_outcomes(passed=1)


def test_without_torch_what_needs_it_is_skipped(report, run, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # so that importing it fails
    run(TESTS).assert_outcomes(passed=1, skipped=2)
    told, by_test = report(TESTS)
    assert told["agrees"]
    assert by_test["test_function"]["verdict"] == "skipped"
    assert 'pip install "tinygrad_edu[parity]"' in by_test["test_function"]["text"]


def test_workers_of_xdist_send_home_what_they_found(report):
    told, by_test = report(WRONG, "-n", "1", "-m", "not parity")
    assert told["verdict"] == "2 of 2 comparisons differ"
    assert by_test["test_bug"]["text"].startswith("a bug: ")


def test_the_marker_chooses_what_uses_the_fixture(run):
    run(TESTS, "-m", "not parity").assert_outcomes(passed=1, deselected=2)


def test_a_report_of_another_kind_is_refused(run):
    result = run(TESTS, "--parity-report=report.txt")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*must end in .json or .html"])


def test_nothing_is_imported_until_a_fixture_is_used():
    heavy = ["torch", "numpy", "hypothesis", "tinygrad_edu", "parity.fixtures", "parity.lockstep"]
    program = f"import sys, parity.plugin; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("named", [(), ("-p", "parity.plugin")], ids=["installed", "installed and named"])
def test_it_is_one_plugin_however_often_it_is_loaded(pytester, named):
    """As an installation would have it: an entry point, which pytest reads when it starts."""
    info = pytester.mkdir("fake-1.dist-info")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[pytest11]\nparity.plugin = parity.plugin\n")
    pytester.syspathinsert()
    pytester.makepyfile("def test_it(gradcheck):\n    import numpy\n    gradcheck(lambda x: x * 2, numpy.ones(2))")
    pytester.runpytest_subprocess(*named, "--strict-markers").assert_outcomes(passed=1)
