"""What every lesson uses: `show`, which prints a number only if it is the one that the text says."""

import numpy as np


def show(what, value, expected, tolerance=5e-7):
    """Print a value, and fail if it is not the expected one: no number in a lesson goes unchecked."""
    value = np.asarray(value.detach() if hasattr(value, "detach") else value, dtype=float) + 0.0
    error = np.max(np.abs(value - np.asarray(expected)))
    assert error <= tolerance, f"{what} is {value.tolist()}, not {expected}"
    print(f"{what:>44} = {text(value, tolerance)}".replace("\n", "\n" + " " * 47))


def text(value, tolerance):
    """The digits that were checked; a small number as 4.2e-08."""
    size, places = np.abs(value).max(), -np.floor(np.log10(tolerance or 1e-8))
    if 0 < size < 1e-3:
        return np.array2string(value, formatter={"float": f"{{:.{max(0, int(places + np.log10(size)))}e}}".format})
    return np.array2string(value, precision=int(max(0, places)), floatmode="maxprec", suppress_small=True)
