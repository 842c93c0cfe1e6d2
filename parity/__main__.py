"""The command, python -m parity. Exit status: 0 the engines agree, 1 they do not, 2 they could not be compared."""

import argparse
import sys
from dataclasses import fields
from importlib import import_module

from . import environment
from .arguments import file, rate, whole
from .cases import ACTIVATIONS, CASES, MODELS, OPTIMIZERS, Options
from .lockstep import run

COMMANDS = {name: name for name in ("diff", "ops", "modules", "optimizers")} | {
    "engine": "engines"
}  # and their packages


def parser():
    parser = argparse.ArgumentParser(
        prog="python -m parity",
        description="Train the same model in tinygrad_edu and in PyTorch, and compare every number."
        " Other commands: python -m parity diff SCRIPT does so with a script of yours, and names the first operation that"
        " differs; engine FILE judges an engine of your own; ops [NAME ...], modules [NAME ...] and optimizers [NAME ...] walk"
        " PyTorch's own tables.",
        epilog="Exit status: 0 the engines agree, 1 they do not, 2 they could not be compared.",
    )
    add = parser.add_argument
    add(
        "--data",
        choices=CASES,
        default="toy",
        help="the book's two clouds (default), a real data set, or a model with data of its own",
    )
    add(
        "--model",
        choices=MODELS,
        help="for toy and breast-cancer (default: perceptron); mlp has one hidden layer of 16",
    )
    add("--depth", type=whole(1), metavar="N", help="how many layers the mlp has (default: 2)")
    add("--width", type=whole(1), metavar="N", help="units in each of its hidden layers (default: 16)")
    add("--activation", choices=ACTIVATIONS, help="between its layers (default: relu)")
    add(
        "--optimizer",
        choices=OPTIMIZERS,
        help="default: adam, but sgd for lenet and adamw for gpt; sgd has momentum 0.9",
    )
    add("--dtype", choices=("float64", "float32"), help="default: float64, then float32")
    add(
        "--lr",
        type=rate,
        help="default: 0.001 as in the book; 0.01 for sgd, and for breast-cancer; others have their own",
    )
    add("--batch-size", type=whole(1), metavar="N", help="default: 1000; 32 for breast-cancer, and about so for others")
    add(
        "--epochs",
        type=whole(1),
        metavar="N",
        help="at most so many; default: until the loss has settled; 20 for breast-cancer, 5 to 15 for others",
    )
    add("--steps", type=whole(1), metavar="N", help="at most so many")
    add("--seed", type=whole(0), default=1337, metavar="N", help="default: 1337")
    add("--json", type=file(".json"), metavar="FILE", help="write the report here")
    add(
        "--plot",
        type=file(".png", ".pdf", ".svg"),
        metavar="FILE",
        help="draw losses and decision boundaries, or held-out scores, here",
    )
    return parser


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if argv and argv[0] in COMMANDS:
        return import_module(f"parity.{COMMANDS[argv[0]]}.__main__").main(argv[1:])
    arguments = parser().parse_args(argv)
    given = {f.name: getattr(arguments, f.name) for f in fields(Options) if f.name != "dtype"}
    try:
        options = CASES[arguments.data].complete(Options(**given))
    except ValueError as error:
        parser().error(str(error))
    try:
        for module, extra in (("rich", "parity"), ("torch", "parity"), *[("matplotlib", "viz")] * bool(arguments.plot)):
            environment.load(module, extra)
    except environment.Missing as error:
        print(f"python -m parity: {error}", file=sys.stderr)
        return 2
    return judged(options, arguments)


def judged(options, arguments):
    """Run, report, and say with the exit status what was found. The extras are there, so what needs them is imported."""
    from rich.console import Console

    from . import report as reports

    console = Console()
    dtypes = (arguments.dtype,) if arguments.dtype else ("float64", "float32")
    with reports.progress(console) as watch:
        report = run(options, dtypes, watch=watch)
    reports.show(report, console)
    if arguments.json:
        reports.write_json(report, arguments.json)
    if arguments.plot:
        from . import plot

        plot.save(report, arguments.plot)
    return 0 if report.agrees else 1


if __name__ == "__main__":
    sys.exit(main())
