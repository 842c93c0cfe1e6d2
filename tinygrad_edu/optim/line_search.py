"""How far to go in a direction: a line search, to the strong conditions of Wolfe."""

from collections.abc import Callable
from typing import Any, NamedTuple

from ..tensor import Tensor


class Point(NamedTuple):
    """A point of the line x + t d: the loss there, its gradient, and its slope along d."""

    t: Any
    loss: float
    gradient: Tensor
    slope: Tensor


def strong_wolfe(
    at: Callable[[Any], Point], start: Point, t: Any, reach: Any, most: int, c1=1e-4, c2=0.9, tolerance=1e-9
) -> Point:
    """A point where the loss is low enough and the slope flat enough:

        f(t) ≤ f(0) + c₁ t f'(0)     and     |f'(t)| ≤ c₂ |f'(0)|

    First t grows until such a point, or one on either side of it, is found; then that bracket is narrowed. Not more than
    `most` + 1 points are looked at, the first at t; a bracket that moves no parameter by `tolerance` is narrow enough:
    `reach` is the largest entry of d. Nocedal and Wright, Numerical Optimization, 2006, algorithms 3.5 and 3.6."""

    def too_high(point):
        return point.loss > start.loss + c1 * point.t * start.slope

    def flat(point):
        return abs(point.slope) <= -c2 * start.slope

    def narrowed(bracket, looked):
        """The same, where a good point lies between the two of the bracket."""
        low, high = sorted(bracket, key=lambda point: point.loss)
        hesitated = False
        while looked <= most:
            left, right = sorted((low.t, high.t))
            if (right - left) * reach < tolerance:
                break
            t = cubic_minimum(*bracket, left, right)
            margin = 0.1 * (right - left)
            near = min(right - t, t - left) < margin
            if near and (hesitated or t >= right or t <= left):  # a tenth away from the end that it is near to
                t, near = (right - margin if abs(t - right) < abs(t - left) else left + margin), False
            hesitated = near
            here, looked = at(t), looked + 1
            if too_high(here) or here.loss >= low.loss:
                bracket = [here if point is high else point for point in bracket]
                low, high = sorted(bracket, key=lambda point: point.loss)
            elif flat(here):
                return here
            else:
                other = low if here.slope * (high.t - low.t) >= 0 else high
                bracket = [here if point is low else other for point in bracket]
                low, high = here, other
        return low

    last, here, looked = start, at(t), 1
    while looked <= most:
        rises = too_high(here) or (looked > 2 and here.loss >= last.loss)
        if flat(here) and not rises:
            return here
        if rises or here.slope >= 0:
            return narrowed([last, here], looked)
        t = cubic_minimum(last, here, here.t + 0.01 * (here.t - last.t), here.t * 10)
        last, here, looked = here, at(t), looked + 1
    return min(start, here, key=lambda point: point.loss)


def cubic_minimum(a, b, least, most):
    """Where the cubic through two points, with their slopes, is lowest, between the bounds; half-way, if it has no minimum."""
    d = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d**2 - a.slope * b.slope
    if not square >= 0:
        return (least + most) / 2.0
    left, right = (a, b) if a.t <= b.t else (b, a)
    root = square.sqrt()
    step = (right.slope + root - d) / (right.slope - left.slope + 2 * root)
    return min(max(right.t - (right.t - left.t) * step, least), most)
