"""Do random programs find the mutants? python -m parity.mutants.search [NAME ...]

Each bug of the catalogue is planted in a copy of tinygrad_edu, where tinygrad_edu.testing.programs() searches for a program
that torch runs otherwise. Shown is how many it took, how small the program became, and whether its script tells the copy
from the original: exit status 1 there, 0 here.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from .catalogue import Misplaced, catalogue

ROOT = Path(__file__).parents[2]
CHAPTERS = ("engine", "rules", "losses")

# What no program of this vocabulary can show, and why.
OUT_OF_REACH = {
    "one after another": "rounding adds up only over a million rows, and a program has 64 numbers at most",
}


def searched(seed, examples):
    """What a search in the engine that is imported here finds: how soon, and the smallest program, as a script."""
    import hypothesis
    import torch

    import tinygrad_edu
    from tinygrad_edu.testing import Program, differences, minimal, programs

    tried, found = 0, []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],  # minimal() is quicker than Hypothesis's own shrinking
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(programs())
    def search(program):
        nonlocal tried
        tried += not found
        if differences(program, tinygrad_edu, torch):
            found.append(program)
            raise AssertionError

    try:
        search()
    except BaseException:  # Hypothesis has several, and a mutant may make it flaky
        if not found:
            raise
    else:
        return {"tried": tried}
    small = min((minimal(program, tinygrad_edu, torch) for program in found[:5]), key=Program.size)
    return {
        "tried": tried,
        "size": small.size(),
        "program": str(small),
        "script": small.script(),
    }


def python(tree, *arguments):
    environment = os.environ | {"PYTHONPATH": str(tree)}
    return subprocess.run(
        [sys.executable, "-P", *arguments], cwd=tree, env=environment, capture_output=True, text=True, timeout=600
    )


def hunted(mutant, seed, examples):
    """One mutant: what the search in its tree finds, and whether the script reproduces it."""
    with TemporaryDirectory() as folder:
        tree = Path(folder)
        for package in ("tinygrad_edu", "parity"):
            shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
        if mutant:
            mutant.plant(tree)
        done = python(tree, "-m", "parity.mutants.search", "--here", str(seed), str(examples))
        if done.returncode:
            return {"tried": 0, "broken": done.stderr.strip().splitlines()[-1]}
        found = json.loads(done.stdout)
        if "script" in found:
            script = tree / "script.py"
            script.write_text(found["script"], encoding="utf-8")
            found["there"] = python(tree, str(script)).returncode
            found["here"] = python(ROOT, str(script)).returncode
        return found


def line(mutant, found):
    name = f"{mutant.chapter}: {mutant.name}"
    if "size" not in found:
        why = OUT_OF_REACH.get(mutant.name, "")
        return f"{name:45} {found.get('broken', 'not found')} {why}"
    operations, numbers = found["size"]
    reproduced = (
        "reproduced" if (found["there"], found["here"]) == (1, 0) else f"exits {found['there']}, {found['here']}"
    )
    return f"{name:45} {found['tried']:5}   {operations} ops, {numbers} numbers   {reproduced}"


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m parity.mutants.search", description=__doc__.partition("\n\n")[2])
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help="only these, with their programs")
    add("--examples", type=int, default=500, metavar="N", help="programs to try at most (default: 500)")
    add("--seed", type=int, default=1337, metavar="N", help="of the search (default: 1337)")
    add("--json", type=Path, metavar="FILE", help="write all that was found here")
    add("--here", nargs=2, type=int, metavar=("SEED", "N"), help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.here:
        print(json.dumps(searched(*arguments.here)))
        return 0
    every = catalogue()
    if unknown := set(arguments.names) - {mutant.name for mutant in every}:
        raise Misplaced(f"there is no mutant {unknown.pop()!r}")
    wanted = lambda m: m.name in arguments.names if arguments.names else m.chapter in CHAPTERS
    results = []
    for mutant in filter(wanted, every):
        found = hunted(mutant, arguments.seed, arguments.examples)
        results.append({"chapter": mutant.chapter, "name": mutant.name, **found})
        print(line(mutant, found), flush=True)
        if arguments.names and "program" in found:
            print(found["program"])
    summary(results)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def summary(results):
    """Counts by chapter, and the medians over those found."""
    hits = [found for found in results if "size" in found]
    by_chapter = Counter(found["chapter"] for found in hits)
    all_of = Counter(found["chapter"] for found in results)
    print(", ".join(f"{chapter} {by_chapter[chapter]} of {n}" for chapter, n in all_of.items()), "found", end="")
    if hits:
        operations, numbers = (median(found["size"][i] for found in hits) for i in (0, 1))
        again = sum((found["there"], found["here"]) == (1, 0) for found in hits)
        print(
            f"; medians: {median(found['tried'] for found in hits):g} examples, {operations:g} ops, {numbers:g} numbers",
            end="",
        )
        print(f"; {again} of {len(hits)} scripts reproduce it")


if __name__ == "__main__":
    sys.exit(main())
