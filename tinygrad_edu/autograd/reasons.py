"""Why an op makes nan or inf of numbers, and what would keep it from doing so."""

import numpy as np

from ..dtype import as_dtype

SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}

# Where a function is defined, and what keeps its input there. (At the very edge the slope may be infinite.)
DOMAINS = {
    "sqrt": ("the square root of a negative number is not real", ".clamp(min=1e-12)"),
    "rsqrt": ("1 / sqrt(x) is finite for x > 0 only", ".clamp(min=1e-12)"),
    "log": ("the logarithm is finite for x > 0 only", ".clamp(min=1e-12)"),
    "log2": ("the logarithm is finite for x > 0 only", ".clamp(min=1e-12)"),
    "log10": ("the logarithm is finite for x > 0 only", ".clamp(min=1e-12)"),
    "log1p": ("log(1 + x) is finite for x > -1 only", ".clamp(min=-1 + 1e-6)"),
    "asin": ("a sine lies between -1 and 1", ".clamp(-1 + 1e-6, 1 - 1e-6)"),
    "acos": ("a cosine lies between -1 and 1", ".clamp(-1 + 1e-6, 1 - 1e-6)"),
    "acosh": ("a hyperbolic cosine is 1 or more", ".clamp(min=1 + 1e-6)"),
    "atanh": ("a hyperbolic tangent lies between -1 and 1", ".clamp(-1 + 1e-6, 1 - 1e-6)"),
}
EXPONENTIALS = {"exp", "exp2", "expm1", "sinh", "cosh"}
GROWING = EXPONENTIALS | {"square", "neg", "abs", "relu"}  # finite everywhere, but for what no dtype can hold
NO_NUMBER = "every op that reads what is no number makes what is none, unless it leaves that entry out"


def reason(kind, name, values, dtype, cause):
    """(why, fix): a sentence of mathematics, and what to do."""
    if cause is not None:
        said = worded(name, values) if values else f"{name} of infinite numbers"
        return f"{said} has no value: inf is no number to reckon with", "keep that inf from being made"
    if name in ("div", "reciprocal") and not values[-1]:
        why = "0 / 0 has no value" if kind == "nan" else "a quotient grows without bound as its divisor goes to 0"
        return why, "keep the divisor away from 0, as with `y + 1e-8` where y >= 0"
    if name in DOMAINS:
        why, fix = DOMAINS[name]
        return why, f"keep what goes into {name} where it is defined, as with `{fix}`"
    if name == "pow" and kind == "nan":
        return (
            "a power of a negative number is real for whole exponents only",
            "take the power of `x.abs()`, or of `x.clamp(min=0)`",
        )
    if kind == "nan":
        return f"{name} is not defined there", f"keep what goes into {name} where it is defined"
    if name == "pow" and not values[0]:
        return "a negative power grows without bound as its base goes to 0", "keep the base away from 0"
    if len(values) == 1 and name not in GROWING:
        return f"{name} grows without bound there", f"keep what goes into {name} away from there"
    why = f"the largest number of {as_dtype(dtype)} is {np.finfo(dtype).max:.5g}, and what is larger is inf"
    if name in EXPONENTIALS:
        return why, "subtract the largest input first, as softmax and logsumexp do, or clamp(max=...) the exponent"
    wider = "use a wider dtype, `.float()`, or " if dtype == np.float16 else ""
    return why, f"{wider}scale the numbers down before {name}"


def worded(name, values):
    if name in SIGNS and len(values) == 2:
        x, y = (f"({v!s})" if v < 0 and i else str(v) for i, v in enumerate(values))
        return f"{x} {SIGNS[name]} {y}"
    return f"{name}({', '.join(map(str, values))})"
