"""Two numbers one under the other, with the digits in which they differ."""

import math
from decimal import Decimal

from tinygrad_edu.explain.html import Markup, element, fragment, number

SIGNIFICANT = {"float16": 5, "bfloat16": 4, "float32": 9, "float64": 17}


def beside(ours, torch, dtype="float64"):
    """Both as HTML: to the same decimal place, as many digits as tell the dtype's numbers apart, the differing marked.

    >>> print(*beside(0.25, 0.375, "float16"))
    0.<mark>25000</mark> 0.<mark>37500</mark>
    """
    texts = written(ours, torch, SIGNIFICANT.get(dtype.removeprefix("torch."), 17))
    if texts[0] == texts[1]:
        return Markup(texts[0]), Markup(texts[1])
    same = next((i for i, pair in enumerate(zip(*texts)) if pair[0] != pair[1]), min(map(len, texts)))
    return tuple(marked(text, same) for text in texts)


def marked(text, same):
    """The power of ten is common to both, and no digit."""
    digits, times, power = text[same:].partition(" ×")
    return fragment(text[:same], element("mark", digits) if digits else None, times + power)


def written(a, b, digits):
    """Both with one number of decimals; the very large and the very small over one power of ten; signs line up."""
    if not all(isinstance(x, float | int) and not isinstance(x, bool) and math.isfinite(x) for x in (a, b)):
        return tuple(number(x) if isinstance(x, float) else str(x) for x in (a, b))
    if isinstance(a, int) and isinstance(b, int):
        return aligned(f"{a}", f"{b}", "")
    largest = max(abs(a), abs(b))
    power = math.floor(math.log10(largest)) if largest else 0
    shift = 0 if -5 < power < 7 else power
    places = max(digits - 1 - (power - shift), 1)
    exact = lambda x: f"{Decimal(x).scaleb(-shift):.{places}f}"
    return aligned(exact(a), exact(b), f" × 10{superscript(shift)}" if shift else "")


def aligned(a, b, after):
    width = max(len(a), len(b))
    return tuple(x.rjust(width, "\u2007").replace("-", "−") + after for x in (a, b))


def superscript(power):
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
