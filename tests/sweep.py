"""The long search, `make sweep`: every test is a shard, a shard that is done is remembered, what is found becomes a test.

A plugin of pytest's, loaded with -p tests.sweep. Of the tests it takes those that are marked `sweep` and those that
Hypothesis makes up examples for. Each draws from a seed of its own, which its name and --sweep-seed decide. What came of it is a
line in .sweep/shards.jsonl, and a shard that passed is not run again, unless with --again. A program, a training or a sample
on which the engines disagree is written to tests/found as a script that exits with status 1, which `make test` runs from then on.
"""

import hashlib
import json
import re
import subprocess
import time
from collections import defaultdict
from pathlib import Path
from zlib import crc32

import hypothesis
import pytest

ROOT = Path(__file__).parents[1]
OFTEN = 10  # seconds between two lines of progress


def pytest_addoption(parser):
    add = parser.getgroup("sweep").addoption
    add("--again", action="store_true", help="begin anew: run every shard, those that are done too")
    add("--sweep-seed", type=int, default=0, metavar="N", help="another number is another search (default: 0)")
    add("--sweep-folder", type=Path, default=ROOT / ".sweep", metavar="DIR", help="where what was done is remembered")
    add(
        "--found-folder", type=Path, default=ROOT / "tests/found", metavar="DIR", help="where what was found is written"
    )


def pytest_configure(config):
    runs_tests = hasattr(config, "workerinput") or not config.getoption("numprocesses", None)
    if runs_tests:
        config.pluginmanager.register(Shards(config))
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Search(config))


def done(config):
    """The shards that are not to be run again. The processes of a search must agree on them, so one says it to all."""
    if hasattr(config, "workerinput"):
        return set(config.workerinput["done"])
    passed = lambda line: line["verdict"] != "failed" and line["search"] == config.option.sweep_seed
    return {name for name, line in remembered(config).items() if passed(line)}


def remembered(config):
    """{shard: the last line about it}"""
    path = shards_file(config)
    if config.option.again or not path.exists():
        return {}
    lines = map(json.loads, path.read_text().splitlines())
    return {line["shard"]: line for line in lines}


def shards_file(config):
    return config.option.sweep_folder / "shards.jsonl"


# ------------------------------------------------------------------ where tests run


class Shards:
    """Takes the tests that are left, seeds each, and writes down what one has found."""

    def __init__(self, config):
        self.config = config

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items):
        past = done(self.config)
        searching = lambda item: item.get_closest_marker("sweep") or hasattr(getattr(item, "obj", None), "hypothesis")
        left = [item for item in items if searching(item) and item.nodeid not in past]
        self.config.hook.pytest_deselected(items=[item for item in items if item not in left])
        items[:] = left

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_call(self, item):
        if hasattr(item.obj, "hypothesis"):
            hypothesis.seed(self.seed(item))(getattr(item.obj, "__func__", item.obj))

    def seed(self, item):
        return crc32(f"{self.config.option.sweep_seed} {item.nodeid}".encode())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        if report.when == "call":
            noted = {"seed": self.seed(item), "examples": examples(item)}
            if report.failed:
                noted["told"] = str(call.excinfo.value) + "".join(f"\n{note}" for note in notes(call.excinfo.value))
                noted["found"] = [self.written(script) for script in scripts(call.excinfo)]
            report.user_properties.append(("sweep", noted))
        return report

    def written(self, script):
        """The name of the file in which a script is kept, the same one for the same script."""
        path = self.config.option.found_folder / f"found_{hashlib.sha256(script.encode()).hexdigest()[:8]}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script)
        return path.name


def examples(item):
    """How many a test has tried: what it says itself (record_property), or what Hypothesis says, or one."""
    counts = re.findall(r"(\d+) (?:passing|failing)", getattr(item, "hypothesis_statistics", ""))
    return dict(item.user_properties).get("examples") or sum(map(int, counts)) or 1


def notes(error):
    return getattr(error, "__notes__", [])


def scripts(excinfo):
    """What shows once more that a test failed: the script of the error, or of what the test had, or of a row of a walk."""
    if hasattr(excinfo.value, "script"):
        return [excinfo.value.script()]
    for entry in reversed(excinfo.traceback):
        had = entry.frame.f_locals
        if found := [it.script() for it in had.values() if hasattr(it, "script") and not isinstance(it, type)]:
            return found[:1]
        if (row := had.get("row")) and hasattr(row, "findings"):
            return [of_sample(walk_of(entry.path), row.key, finding) for finding in row.findings[:1]]
    return []


def walk_of(path):
    """The walk that a test file of tests/parity is about: parity.ops.walk, and so on."""
    return f"parity.{path.stem.removeprefix('test_')}.walk"


def of_sample(walk, key, found):
    """A script that walks one sample once more."""
    told = " ".join(f"{key} {found.dtype} #{found.index} {found.stage}: {found.told}".split()).replace('"', "'")
    return (
        f'"""{told}"""\n\nimport sys\n\nfrom {walk} import again\n\nrow = again({key!r}, {found.dtype!r}, {found.index})\n'
        'print(*(f"{f.stage}: {f.told}" for f in row.findings), sep="\\n")\nsys.exit(row.verdict != "pass")\n'
    )


# ------------------------------------------------------------------ where all is known


class Search:
    """Remembers each shard as soon as it is done, says how far the search is, and sums up."""

    def __init__(self, config):
        self.config, self.past = config, done(config)
        self.total, self.ended, self.examples, self.failed = 0, 0, 0, 0
        self.start = self.told = time.monotonic()
        self.commit = commit()

    def pytest_sessionstart(self):
        self.folder = self.config.option.sweep_folder
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.config.option.again:
            shards_file(self.config).unlink(missing_ok=True)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node):
        node.workerinput["done"] = sorted(self.past)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids):
        self.total = len(ids)

    def pytest_collection_finish(self, session):
        self.total = len(session.items)

    def pytest_runtest_logreport(self, report):
        if report.when == "call" or (report.when == "setup" and not report.passed):
            noted = dict(report.user_properties).get("sweep", {"told": report.longreprtext} if report.failed else {})
            line = {"shard": report.nodeid, "verdict": report.outcome, "seconds": round(report.duration, 2)}
            line |= {"search": self.config.option.sweep_seed, "commit": self.commit, **noted}
            with shards_file(self.config).open("a") as file:
                file.write(json.dumps(line) + "\n")
            self.ended += 1
            self.examples += line.get("examples", 0)
            self.failed += report.failed
            if report.failed or time.monotonic() > self.told + OFTEN:
                self.tell(line if report.failed else None)

    def tell(self, failure):
        """A line of progress, or of what was found."""
        self.told = time.monotonic()
        left = (self.told - self.start) / self.ended * (self.total - self.ended)
        text = f"{self.ended} of {self.total} shards, {self.examples:,} examples, {self.failed} failed, about {span(left)} left"
        if failure:
            kept = f", kept as {', '.join(failure['found'])}" if failure.get("found") else ""
            text = f"FAILED {failure['shard']}{kept}\n{text}"
        self.write(text)

    def write(self, text):
        self.config.pluginmanager.get_plugin("terminalreporter").write_line(text)

    def pytest_report_teststatus(self, report):
        """No dots: the lines of progress say more."""
        if report.when == "call":
            return report.outcome, "", report.outcome.upper()

    def pytest_sessionfinish(self, session, exitstatus):
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and self.past:
            session.exitstatus = pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter):
        """All that is remembered of this search, by file."""
        self.config.option.again = False
        lines = [line for line in remembered(self.config).values() if line["search"] == self.config.option.sweep_seed]
        files = defaultdict(list)
        for line in lines:
            files[line["shard"].partition("::")[0]].append(line)
        terminalreporter.section("sweep")
        width = max(map(len, [*files, "in all"]))
        terminalreporter.write_line(f"{'':{width}}  shards  passed  failed  skipped    examples      time")
        for name, group in [*sorted(files.items()), ("in all", lines)]:
            counts = [sum(line["verdict"] == verdict for line in group) for verdict in ("passed", "failed", "skipped")]
            examples, seconds = (sum(line.get(what, 0) for line in group) for what in ("examples", "seconds"))
            cells = f"{len(group):8}{counts[0]:8}{counts[1]:8}{counts[2]:9}{examples:12,}{span(seconds):>10}"
            terminalreporter.write_line(f"{name:{width}}{cells}")
        commits = ", ".join(sorted({line["commit"] for line in lines}))
        terminalreporter.write_line(f"Left: {self.total - self.ended} shards. Run at {commits or self.commit}.")


def span(seconds):
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def commit():
    """What is searched: the commit, with a + if files differ from it."""
    git = lambda *words: subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    try:
        return (git("rev-parse", "--short", "HEAD") or "unknown") + "+" * bool(git("status", "--porcelain", "-uno"))
    except OSError:
        return "unknown"
