"""The command, python -m parity.calibrate: what it prints is in docs/judge.md."""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

from . import __doc__ as description
from . import tables
from .training import MODELS, training

KINDS = ("ops", "modules", "cases")


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m parity.calibrate", description=description)
    add = parser.add_argument
    add("what", nargs="?", choices=("trainings", *KINDS), default="trainings", help="(default: trainings)")
    add("names", nargs="*", metavar="NAME", help="of ops, modules or cases: these (default: all)")
    add("--samples", type=int, default=8, metavar="N", help="of each op, module or case (default: 8)")
    add("--seeds", type=int, default=4, metavar="N", help="how often each model is trained (default: 4)")
    add("--steps", type=int, default=96, metavar="N", help="how long (default: 96; with 4 seeds, over 10,000 in all)")
    add("--jobs", type=int, default=2, metavar="N", help="how many processes (default: 2)")
    add("--plot", type=Path, metavar="FILE", help="draw the histograms of the trainings here")
    add("--json", type=Path, metavar="FILE", help="write every number here")
    chosen = parser.parse_args(argv)
    results, lines = trained(chosen) if chosen.what == "trainings" else asked(chosen)
    print(*lines, sep="\n")
    if chosen.plot:
        tables.draw(results, chosen.plot)
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(found) for found in results]) + "\n")


def trained(chosen):
    """What the trainings showed, and in words."""
    trainings = [replace(options, seed=seed) for options in MODELS for seed in range(chosen.seeds)]
    with ProcessPoolExecutor(chosen.jobs) as pool:
        results = list(pool.map(training, trainings, [chosen.steps] * len(trainings)))
    return results, tables.tables(results)


def asked(chosen):
    """What the ops, modules or cases showed, and in words. These need torch's own tables."""
    from . import families

    results = families.walk_all(chosen.what, chosen.names, chosen.samples, chosen.jobs)
    return results, families.tables(results)


if __name__ == "__main__":
    main()
