"""The command, python -m parity engine. Exit status: 0 the engine agrees, 1 it does not, 2 it could not be judged."""

import argparse
import runpy
import sys
import traceback
from pathlib import Path

from .. import environment
from ..arguments import file, whole
from .judge import STEPS, Unsure, judge
from .names import Unpaired

DEFINES = {
    "engine": "a class or function that makes the adapter",
    "reference": "a function of torch that returns (model, loss_fn) or (model, loss_fn, optimizer)",
    "batches": "a list of (x, y), NumPy arrays",
}


def parser():
    parser = argparse.ArgumentParser(
        prog="python -m parity engine",
        description="Judge an engine of your own beside torch: in lock-step, each step from torch's numbers, and, if it"
        " trains, in a training of its own.",
        epilog=f"FILE defines {'; '.join(f'{name}, {what}' for name, what in DEFINES.items())}. There are examples in"
        " examples/engines. Exit status: 0 the engine agrees, 1 it does not, 2 it could not be judged.",
    )
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="a Python file with the adapter and what it is held against")
    add("--dtype", nargs="+", choices=("float64", "float32"), default=(), help="default: those of the adapter, or both")
    add("--steps", type=whole(1), default=STEPS, metavar="N", help=f"of the lock-step (default: {STEPS})")
    add("--json", type=file(".json"), metavar="FILE", help="write everything that was found here")
    return parser


def main(argv=None):
    arguments = parser().parse_args(argv)
    try:
        for module in ("rich", "torch"):
            environment.load(module, "parity")
        return judged(arguments)
    except (environment.Missing, Unpaired, Unsure) as error:
        print(f"python -m parity engine: {error}", file=sys.stderr)
    except Exception:  # theirs: what it says is for whoever wrote the file
        traceback.print_exc()
    return 2


def judged(arguments):
    """Judge, show, and say with the exit status what was found. The extras are there, so what needs them is imported."""
    from rich.console import Console

    from ..report import progress
    from . import report as reports

    console, theirs = Console(), runpy.run_path(str(arguments.file))
    if missing := [f"{name}, {what}" for name, what in DEFINES.items() if name not in theirs]:
        raise Unpaired(f"{arguments.file} must define {'; '.join(missing)}")
    with progress(console) as watch:
        report = judge(*(theirs[name] for name in DEFINES), arguments.steps, arguments.dtype, watch)
    reports.show(report, console)
    if arguments.json:
        reports.write_json(report, arguments.json)
    return 0 if report.agrees else 1


if __name__ == "__main__":
    sys.exit(main())
