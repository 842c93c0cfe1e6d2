"""The command, python -m parity modules. Exit status: 0 the modules agree, 1 some do not, 2 nothing can be judged."""

import sys

from ..ops.__main__ import judged, parser


def main(argv=None):
    arguments = parser(
        "modules",
        "Walk PyTorch's own table of modules, with its own samples, and compare every number: initial parameters, outputs,"
        " gradients, buffers, checkpoints.",
        "classes of torch.nn (default: all that are walked)",
        [],
        ("float64", "float32"),
    ).parse_args(argv)
    return judged(arguments, "module", "parity.modules")


if __name__ == "__main__":
    sys.exit(main())
