"""The command, python -m parity diff. Exit status: 0 no operation differs, 1 one does, 2 the script could not be compared."""

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path

from .. import environment
from ..arguments import file
from .runner import Failed, diff


def parser():
    parser = argparse.ArgumentParser(
        prog="python -m parity diff",
        description="Run a PyTorch script in torch and in tinygrad_edu, hold every call, gradient and update of ours against"
        " torch's, and name the first that differs.",
        epilog="Exit status: 0 no operation differs, 1 one does, 2 the script could not be compared.",
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="do not measure what rounding can do: quicker, with wider bounds")
    add(
        "--trust",
        metavar="NAME",
        action="append",
        default=[],
        help="a Function whose backward is meant not to be forward's derivative",
    )
    add("--json", type=file(".json"), metavar="FILE", help="write the report here")
    add("--html", type=file(".html"), metavar="FILE", help="write it as one page, to be opened in a browser")
    add("script", type=Path, metavar="SCRIPT", help="an ordinary PyTorch script")
    add("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT", help="what it is called with")
    return parser


def main(argv=None):
    arguments = parser().parse_args(argv)
    try:
        arguments.script.open().close()
        for module in ("rich", "torch"):
            environment.load(module, "parity")
        return judged(arguments)
    except (environment.Missing, Failed, OSError) as error:
        print(f"python -m parity diff: {error}", file=sys.stderr)
        return 2


def judged(arguments):
    """Run, report, and say with the exit status what was found. The extras are there, so what needs them is imported."""
    from rich.console import Console

    from . import show

    console = Console()
    with show.progress(console) as watch:
        report = diff(
            arguments.script,
            arguments.arguments,
            stochastic=not arguments.quick,
            trusted=arguments.trust,
            watch=watch,
        )
    show.show(report, console)
    if arguments.json:
        arguments.json.write_text(json.dumps(finite(report), indent=1) + "\n")
    if arguments.html:
        import_module("parity.diff.page").write(report, arguments.html)
    return 0 if report["agrees"] else 1


def finite(tree):
    """The report with its infinities and NaN as words, which JSON has no numbers for."""
    if isinstance(tree, dict):
        return {key: finite(part) for key, part in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [finite(part) for part in tree]
    return str(tree) if isinstance(tree, float) and tree - tree != 0 else tree


if __name__ == "__main__":
    sys.exit(main())
