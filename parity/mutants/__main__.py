"""The command, python -m parity.mutants. Exit status: 0 every mutant is caught, 1 one survives, 2 nothing can be judged."""

import argparse
import sys
from pathlib import Path

from .. import environment
from .catalogue import Misplaced, catalogue
from .hunt import Unfit, hunt


def parser():
    parser = argparse.ArgumentParser(
        prog="python -m parity.mutants",
        description="Plant each bug of the catalogue in a copy of the code, and see which judges find it.",
        epilog="Exit status: 0 every mutant is caught, 1 one survives, 2 nothing can be judged.",
    )
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help="only these, with all that the judges said")
    add("--jobs", type=int, default=2, metavar="N", help="so many at a time (default: 2)")
    add("--seed", type=int, default=1337, metavar="N", help="of the trainings (default: 1337)")
    add("--json", type=Path, metavar="FILE", help="write all that the judges said here")
    return parser


def chosen(names):
    """The mutants of these names; all of them, if none is named."""
    every = catalogue()
    if unknown := set(names) - {mutant.name for mutant in every}:
        raise Misplaced(f"there is no mutant {unknown.pop()!r}; there are {', '.join(m.name for m in every)}")
    return [mutant for mutant in every if not names or mutant.name in names]


def main(argv=None):
    arguments = parser().parse_args(argv)
    try:
        for module, extra in (("rich", "parity"), ("torch", "parity"), ("pytest", "test"), ("hypothesis", "test")):
            environment.load(module, extra)
        return hunted(arguments)
    except (environment.Missing, Misplaced, Unfit) as error:
        print(f"python -m parity.mutants: {error}", file=sys.stderr)
        return 2


def hunted(arguments):
    """Hunt, show, and say with the exit status whether one got away. The extras are there, so what needs them is imported."""
    from rich.console import Console

    from . import table

    console, mutants = Console(), chosen(arguments.names)
    found = dict.fromkeys(mutants)
    with table.progress(console, len(mutants)) as done:
        for mutant, catches in hunt(mutants, arguments.seed, arguments.jobs):
            found[mutant] = catches
            done(mutant)
    table.show(found, console)
    if arguments.names:
        table.show_evidence(found, console)
    if arguments.json:
        table.write_json(found, arguments.json)
    return 0 if all(map(table.caught, found.values())) else 1


if __name__ == "__main__":
    sys.exit(main())
