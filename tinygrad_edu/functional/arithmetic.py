"""Arithmetic of several steps: a multiple of the second operand."""

from ..compose import composed
from ..ops import elementwise


@composed(inplace=True)
def add(input, other, *, alpha=1):
    """input + alpha · other."""
    return elementwise.add(input, other if alpha == 1 else elementwise.mul(other, alpha))


@composed(also="subtract", inplace=True)
def sub(input, other, *, alpha=1):
    """input - alpha · other."""
    return elementwise.sub(input, other if alpha == 1 else elementwise.mul(other, alpha))
