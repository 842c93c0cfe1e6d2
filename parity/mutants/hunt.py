"""The hunt: each mutant gets a tree of its own, a copy in a temporary folder, and every judge looks at it there."""

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
NEEDED = ("tinygrad_edu", "parity", "tests", "conftest.py", "pyproject.toml")
PANELS = {"unit": ("unit",), "property": ("property",), "parity": ("float64", "float32", "seeds")}
JUDGES = [judge for judges in PANELS.values() for judge in judges]


class Unfit(Exception):
    """The judges cannot judge: they find fault with the code as it is."""


@dataclass(frozen=True)
class Catch:
    """That a judge noticed: after how many seconds, by what in a word or two, and with which evidence."""

    seconds: float
    what: str
    evidence: str


class Bench:
    """All judges, on a bench of their own (bench.py): called with a tree, what each of them finds, or None."""

    def __enter__(self):
        program = [sys.executable, "-P", Path(__file__).with_name("bench.py")]
        self.process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *error):
        self.process.__exit__(*error)  # which closes its ears, and waits for its end

    def __call__(self, tree, seed, chapter):
        return {judge: catch for panel in PANELS for judge, catch in self.sit(panel, tree, seed, chapter).items()}

    def sit(self, panel, tree, seed, chapter):
        """What one panel finds. A panel that crashes, or that comes to no end, has noticed something too."""
        print(json.dumps([panel, str(tree), seed, chapter]), file=self.process.stdin, flush=True)
        end = json.loads(self.process.stdout.readline())
        if end["failed"]:
            last = (end["complaints"].strip() or "no last words").splitlines()[-1]
            catch = Catch(end["seconds"], "no end" if end["late"] else "crash", f"{panel}: {last}")
            return dict.fromkeys(PANELS[panel], catch)
        return {judge: found and Catch(**found) for judge, found in json.loads(end["said"]).items()}


def hunt(mutants, seed=1337, jobs=2, bench=Bench):
    """(mutant, what each judge found) as they are done, `jobs` at a time.

    Raises Misplaced where a mutant's text is not found once, and Unfit where the judges find fault without any mutant."""
    with TemporaryDirectory() as folder, ExitStack() as benches, ThreadPoolExecutor(jobs) as pool:
        clean = Path(folder)
        copy(ROOT, clean)
        for mutant in mutants:
            mutant.place(clean)
        free = SimpleQueue()
        for _ in range(jobs):
            free.put(benches.enter_context(bench()))
        hear(free, clean, seed)
        trials = {pool.submit(trial, free, clean, mutant, seed): mutant for mutant in mutants}
        try:
            for done in as_completed(trials):
                yield trials[done], done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def copy(root, tree, needed=NEEDED):
    """The part of the repository that the judges look at."""
    for name in needed:
        if (root / name).is_dir():
            shutil.copytree(root / name, tree / name)
        else:
            shutil.copy2(root / name, tree / name)


def hear(free, clean, seed):
    """What the judges find where there is nothing to find: it also fills the caches of compiled files, which are copied."""
    if alarms := {judge: catch for judge, catch in judged(free, clean, seed, "streams").items() if catch}:
        evidence = "\n".join(f"  {judge}: {catch.evidence}" for judge, catch in alarms.items())
        raise Unfit(f"the judges find fault with the code as it is, so a mutant would prove nothing\n{evidence}")


def trial(free, clean, mutant, seed):
    """Plant the mutant in a tree of its own, and have it judged."""
    with TemporaryDirectory() as folder:
        tree = Path(folder) / "mutant"
        shutil.copytree(clean, tree)
        mutant.plant(tree)
        return judged(free, tree, seed, mutant.chapter)


def judged(free, tree, seed, chapter):
    """What the judges of whichever bench is free find in this tree."""
    bench = free.get()
    try:
        return bench(tree, seed, chapter)
    finally:
        free.put(bench)
