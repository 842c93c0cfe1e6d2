"""What every lesson uses: `show`, which prints a number only if it is the one that the text says."""

import numpy as np


def show(what, value, expected, tolerance=5e-7):
    """Print a value, and fail if it is not the expected one: no number in a lesson goes unchecked."""
    value = np.asarray(value.detach() if hasattr(value, "detach") else value, dtype=float)
    error = np.max(np.abs(value - np.asarray(expected)))
    assert error <= tolerance, f"{what} is {value.tolist()}, not {expected}"
    digits = max(0, int(np.ceil(-np.log10(tolerance)))) if tolerance else 8
    print(f"{what:>44} = {np.array2string(value, precision=digits, floatmode='maxprec', suppress_small=True)}")
