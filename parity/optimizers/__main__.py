"""The command, python -m parity optimizers. Exit status: 0 they agree, 1 some do not, 2 nothing can be judged."""

import argparse
import sys

from .. import environment
from ..__main__ import file, whole
from ..ops import Unknown
from . import STEPS

DTYPES = ("float64", "float32")


def parser():
    parser = argparse.ArgumentParser(
        prog="python -m parity optimizers",
        description="Walk PyTorch's own table of optimizers, with the options that PyTorch tests, and compare every update.",
        epilog="Exit status: 0 every update and state agrees, 1 some do not, 2 nothing can be judged.",
    )
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help="optimizers, such as Adam (default: all of the table)")
    add("--dtype", nargs="+", choices=DTYPES, default=DTYPES, metavar="DTYPE", help="default: float64 and float32")
    add("--steps", type=whole(2), default=STEPS, metavar="N", help=f"with each set of options (default: {STEPS})")
    add("--json", type=file(".json"), metavar="FILE", help="write everything that was found here")
    add("-v", "--verbose", action="store_true", help="show each set of options that fails, and how")
    return parser


def main(argv=None):
    arguments = parser().parse_args(argv)
    try:
        for module in ("rich", "torch", "expecttest"):
            environment.load(module, "parity")
        return walked(arguments)
    except (environment.Missing, Unknown) as error:
        print(f"python -m parity optimizers: {error}", file=sys.stderr)
        return 2


def walked(arguments):
    """Walk, show, and say with the exit status what was found. The extras are there, so what needs them is imported."""
    from rich.console import Console

    from ..ops.table import progress
    from . import table
    from .walk import agrees, entries, walk

    console, found = Console(), entries(arguments.names)
    rows = []
    with progress(console, len(found)) as done:
        for info in found:
            rows.append(walk(info, arguments.dtype, arguments.steps))
            done(info.name)
    table.show(rows, console, arguments.verbose)
    if arguments.json:
        table.write_json(rows, arguments.json)
    return 0 if agrees(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
