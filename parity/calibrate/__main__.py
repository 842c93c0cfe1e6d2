"""The command, python -m parity.calibrate: what it prints is in docs/judge.md."""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

from . import __doc__ as description
from .tables import draw, tables
from .training import MODELS, training


def main():
    parser = argparse.ArgumentParser(prog="python -m parity.calibrate", description=description)
    add = parser.add_argument
    add("--seeds", type=int, default=4, metavar="N", help="how often each model is trained (default: 4)")
    add("--steps", type=int, default=96, metavar="N", help="how long (default: 96; with 4 seeds, over 10,000 in all)")
    add("--jobs", type=int, default=2, metavar="N", help="how many trainings at a time (default: 2)")
    add("--plot", type=Path, metavar="FILE", help="draw the histograms here")
    add("--json", type=Path, metavar="FILE", help="write every number here")
    chosen = parser.parse_args()
    trainings = [replace(options, seed=seed) for options in MODELS for seed in range(chosen.seeds)]
    with ProcessPoolExecutor(chosen.jobs) as pool:
        results = list(pool.map(training, trainings, [chosen.steps] * len(trainings)))
    print(*tables(results), sep="\n")
    if chosen.plot:
        draw(results, chosen.plot)
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(found) for found in results]) + "\n")


if __name__ == "__main__":
    main()
