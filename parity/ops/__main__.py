"""The command, python -m parity ops. Exit status: 0 the operators agree, 1 some do not, 2 nothing can be judged."""

import argparse
import sys
from importlib import import_module

from .. import environment
from ..__main__ import file, whole
from . import Unknown

DTYPES = ("float64", "float32", "int64", "int32", "int16", "int8", "uint8", "bool")


def parser(what, description, names, default, dtypes):
    """The arguments of a walk over operators, or over what else."""
    parser = argparse.ArgumentParser(
        prog=f"python -m parity {what}",
        description=description,
        epilog="Exit status: 0 nothing is missing or wrong and every rate is 99% or more, 1 else, 2 nothing can be judged.",
    )
    add = parser.add_argument
    add("names", nargs="*", default=default, metavar="NAME", help=names)
    add(
        "--dtype", nargs="+", choices=dtypes, metavar="DTYPE", help="default: float64 and float32, where torch has them"
    )
    add("--samples", type=whole(1), metavar="N", help="at most so many of each one's, evenly spread")
    add("--jobs", type=whole(1), default=1, metavar="N", help="walk so many at a time (default: 1)")
    add("--json", type=file(".json"), metavar="FILE", help="write everything that was found here")
    add("-v", "--verbose", action="store_true", help="show each sample that fails, and how")
    return parser


def main(argv=None):
    arguments = parser(
        "ops",
        "Walk PyTorch's own table of operators, with its own samples, and compare every number.",
        "operators (linalg.norm), variants (split.list_args), or the lists core and extended (default: core)",
        ["core"],
        DTYPES,
    ).parse_args(argv)
    return judged(arguments, "operator", "parity.ops")


def judged(arguments, what, package):
    """Walk with this package's names and its walk, show, and say with the exit status what was found."""
    try:
        for module in ("rich", "torch", "expecttest"):
            environment.load(module, "parity")
        keys_of, walk = (import_module(f"{package}.{part}") for part in ("names", "walk"))
        return walked(arguments, what, keys_of.keys(arguments.names), walk.walk)
    except (environment.Missing, Unknown) as error:
        print(f"python -m {package.replace('.', ' ')}: {error}", file=sys.stderr)
        return 2


def walked(arguments, what, keys, walk):
    """The walk itself. The extras are there, so what needs them is imported."""
    from rich.console import Console

    from . import table
    from .found import agrees
    from .walk import walk_all

    console, rows = Console(), []
    with table.progress(console, len(keys)) as done:
        for row in walk_all(keys, arguments.dtype, arguments.samples, arguments.jobs, walk):
            rows.append(row)
            done(row.key)
    rows.sort(key=lambda row: keys.index(row.key))
    table.show(rows, console, arguments.verbose, what)
    if arguments.json:
        table.write_json(rows, arguments.json, what)
    return 0 if agrees(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
