"""The command, python -m parity ops. Exit status: 0 the operators agree, 1 some do not, 2 nothing can be judged."""

import argparse
import sys

from .. import environment
from ..__main__ import file, whole
from . import Unknown

DTYPES = ("float64", "float32", "int64", "int32", "int16", "int8", "uint8", "bool")


def parser():
    parser = argparse.ArgumentParser(
        prog="python -m parity ops",
        description="Walk PyTorch's own table of operators, with its own samples, and compare every number.",
        epilog="Exit status: 0 no operator is missing or wrong and every rate is 99% or more, 1 else, 2 nothing can be judged.",
    )
    add = parser.add_argument
    names = "operators (linalg.norm), variants (split.list_args), or the lists core and extended (default: core)"
    add("names", nargs="*", default=["core"], metavar="NAME", help=names)
    add(
        "--dtype", nargs="+", choices=DTYPES, metavar="DTYPE", help="default: float64 and float32, where torch has them"
    )
    add("--samples", type=whole(1), metavar="N", help="at most so many of each operator's, evenly spread")
    add("--jobs", type=whole(1), default=1, metavar="N", help="so many operators at a time (default: 1)")
    add("--json", type=file(".json"), metavar="FILE", help="write everything that was found here")
    add("-v", "--verbose", action="store_true", help="show each sample that fails, and how")
    return parser


def main(argv=None):
    arguments = parser().parse_args(argv)
    try:
        for module in ("rich", "torch", "expecttest"):
            environment.load(module, "parity")
        return walked(arguments)
    except (environment.Missing, Unknown) as error:
        print(f"python -m parity ops: {error}", file=sys.stderr)
        return 2


def walked(arguments):
    """Walk, show, and say with the exit status what was found. The extras are there, so what needs them is imported."""
    from rich.console import Console

    from . import table
    from .found import agrees
    from .names import keys as keys_of
    from .walk import walk_all

    console, keys = Console(), keys_of(arguments.names)
    rows = []
    with table.progress(console, len(keys)) as done:
        for row in walk_all(keys, arguments.dtype, arguments.samples, arguments.jobs):
            rows.append(row)
            done(row.key)
    rows.sort(key=lambda row: keys.index(row.key))
    table.show(rows, console, arguments.verbose)
    if arguments.json:
        table.write_json(rows, arguments.json)
    return 0 if agrees(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
