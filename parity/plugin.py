"""A pytest plugin: fixtures that judge gradients, and functions beside PyTorch, and a report of all that they judged.

    def test_attention(parity):
        parity(lambda torch, q, k: (q @ k.mT).softmax(-1), np.ones((2, 3, 4)), np.eye(4))

pytest imports this file wherever the package is installed; so what is behind the fixtures is imported when they are used.
Its name as a plugin is that of its module, so that it is one plugin, installed or named with -p.
"""

from pathlib import Path

import pytest

KEY = "parity report"  # of what a worker of pytest-xdist sends home with its tests' reports


def pytest_addoption(parser):
    parser.getgroup("parity").addoption(
        "--parity-report",
        metavar="FILE",
        type=written,
        help="write what the fixtures gradcheck and parity judged to FILE, .json or .html",
    )


def written(name):
    """Where a report goes: to a file of a kind that we can write."""
    if Path(name).suffix not in (".json", ".html"):
        raise pytest.UsageError(f"--parity-report={name}: the file's name must end in .json or .html")
    return Path(name)


def pytest_configure(config):
    config.addinivalue_line("markers", "parity: uses the fixture parity, and so compares with PyTorch")
    file = config.getoption("--parity-report")
    if file and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Report(file), "parity report")


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items):
    for item in items:
        if "parity" in getattr(item, "fixturenames", ()):
            item.add_marker("parity")


@pytest.fixture
def gradcheck(request):
    """gradcheck(f, *inputs): `tinygrad_edu.testing.assert_gradients`, with the same options."""
    from .fixtures import Gradcheck

    return Gradcheck(noted(request))


@pytest.fixture
def parity(request):
    """parity(f, *arrays): f(torch, *tensors) gives the same in PyTorch and here, and so do its gradients.

    parity.module(make, *arrays): so does the module make(torch), of seed 0, with its weights' gradients and its buffers.
    `engine=` judges another engine with torch's names instead of tinygrad_edu. The test is skipped where torch is not
    installed."""
    from .fixtures import Parity

    return Parity(noted(request))


def noted(request):
    """What a fixture tells what it found: kept for the report, if one is wanted."""
    if not request.config.getoption("--parity-report"):
        return lambda found: None
    return lambda found: request.node.user_properties.append((KEY, found))


class Report:
    """Gathers what the fixtures found, here or in the workers of pytest-xdist, and writes it when all is over."""

    def __init__(self, file):
        self.file, self.uses = file, []

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or (report.when == "setup" and not report.passed):
            self.uses += [{"test": report.nodeid} | found for name, found in report.user_properties if name == KEY]

    def pytest_sessionfinish(self):
        from .fixtures import as_html, as_json, summary

        text = (as_json if self.file.suffix == ".json" else as_html)(summary(self.uses))
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(text, encoding="utf-8")

    def pytest_terminal_summary(self, terminalreporter):
        terminalreporter.write_line(f"parity report: {self.file}")
