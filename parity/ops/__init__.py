"""PyTorch's own table of operators, with the samples that PyTorch tests itself with, walked with this engine beside it.

python -m parity ops                            # the core of the library
python -m parity ops exp linalg.norm --verbose  # these, with every sample that fails
"""

from pathlib import Path

LISTS = ("core", "extended")


def listed(name):
    """The operators in one of the lists."""
    text = (Path(__file__).parents[1] / f"ops_{name}.txt").read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


class Unknown(Exception):
    """torch's table has no operator of this name."""


class Missing(Exception):
    """There is nothing of this name in tinygrad_edu."""


class Beyond(Exception):
    """What tinygrad_edu does not set out to have: complex numbers, other devices, more dimensions than NumPy's."""
