"""Einstein's notation: every axis has an index, and the product is summed over the indices that the output lacks."""

import math
from collections import Counter

from ..compose import composed
from ..ops.elementwise import mul
from ..ops.linalg import matmul, one_dtype
from ..tensor import Tensor

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@composed(places="torch")
def einsum(*args):
    """out[output's indices] = Σ over all other indices of Π operands[their indices]: einsum("ij,jk->ik", x, y) is x @ y.

    `...` stands for axes without a letter, which broadcast. Without `->`, the output has those, and then the letters that
    occur once, in alphabetical order. Or with numbers for letters: einsum(x, [0, 1], y, [1, 2], [0, 2]).
    https://docs.pytorch.org/docs/stable/generated/torch.einsum.html
    """
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its"
            " subscripts list"
        )
    equation, *operands = args
    if isinstance(equation, Tensor):
        operands, lists = args[: len(args) // 2 * 2 : 2], args[1::2]
        equation = ",".join(map(spelled, lists)) + ("->" + spelled(args[-1]) if len(args) % 2 else "")
    if not isinstance(equation, str):
        raise TypeError(f"einsum(): argument 'equation' (position 1) must be str, not {type(equation).__name__}")
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = operands[0]
    for k, x in enumerate(operands):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {k} in argument 1, but got {type(x).__name__}")
    return summed_product(operands, *parsed(equation, [x.array.ndim for x in operands]))


def spelled(numbers):
    """A list of indices that are numbers, in letters."""
    for n in numbers:
        if n is not Ellipsis and not 0 <= n < 52:
            raise ValueError(f"einsum(): subscript in subscript list is not within the valid range [0, 52): {n}")
    return "".join("..." if n is Ellipsis else ALPHABET[n] for n in numbers)


def parsed(equation, ndims):
    """(the indices of each operand's axes, the indices of the output's)."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        fewer = "fewer" if len(ndims) < len(terms) else "more"
        raise RuntimeError(
            f"einsum(): {fewer} operands were provided than specified in the equation: {len(ndims)} for {equation!r}"
        )
    indices = [indices_of(term, ndim, f"operand {k}") for k, (term, ndim) in enumerate(zip(terms, ndims))]
    counts = Counter(i for each in indices for i in each)
    covered = sorted(i for i in counts if isinstance(i, int))
    if not arrow:
        return indices, covered + sorted(i for i, n in counts.items() if isinstance(i, str) and n == 1)
    out = indices_of(right, len(right.replace("...", "")) + len(covered) * ("..." in right), "the output")
    for i in out:
        if i not in counts or out.count(i) > 1:
            wrong = "appears more than once in the output" if i in counts else "does not appear for any input operand"
            raise RuntimeError(f"einsum(): output subscript {i} {wrong}: {equation!r}")
    return indices, out


def indices_of(term, ndim, whose):
    """The index of each axis: letters, and -n, ..., -1 for the n axes that an ellipsis covers, so that the last ones meet."""
    head, dots, tail = term.partition("...")
    letters = head + tail
    if bad := [letter for letter in letters if letter not in ALPHABET]:
        raise RuntimeError(
            f"einsum(): invalid subscript {bad[0]!r} for {whose}: subscripts must be in [a-zA-Z], with at most one ..."
        )
    rest = ndim - len(letters)
    if rest < 0 or (rest and not dots):
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({len(letters)}) does not match the number of dimensions"
            f" ({ndim}) for {whose}" + ("" if dots else " and no ellipsis was given")
        )
    return [*head, *range(-rest, 0), *tail]


def summed_product(tensors, indices, out):
    """Σ over the indices that `out` lacks of the product of tensors whose axes have these indices, two at a time."""
    sizes = {}
    for k, (x, xs) in enumerate(zip(tensors, indices)):
        for i, n in zip(xs, x.shape):
            if sizes.setdefault(i, n) == 1:
                sizes[i] = n
            if n not in (1, sizes[i]):
                raise RuntimeError(
                    f"einsum(): subscript {i} has size {n} for operand {k} which does not broadcast with previously seen"
                    f" size {sizes[i]}"
                )
    terms = [unrepeated(x, xs, sizes) for x, xs in zip(tensors, indices)]
    total, have = terms[0]
    for k, (x, xs) in enumerate(terms[1:], 2):
        total, have = contracted(total, have, x, xs, {*out}.union(*(later for _, later in terms[k:])), sizes)
    total, have = summed(total, have, out)
    return total.permute([have.index(i) for i in out])


def unrepeated(x, xs, sizes):
    """A tensor with each index on one axis: its diagonal where two have the same; and without those that would stretch."""
    xs = list(xs)
    for i in dict.fromkeys(xs):
        while xs.count(i) > 1:
            first = xs.index(i)
            second = xs.index(i, first + 1)
            if x.shape[first] != x.shape[second]:
                raise RuntimeError(
                    f"einsum(): subscript {i} is repeated for an operand but the sizes don't match, {x.shape[second]} !="
                    f" {x.shape[first]}"
                )
            x = x.diagonal(0, first, second)
            xs = [*xs[:first], *xs[first + 1 : second], *xs[second + 1 :], i]
    stretched = [axis for axis, (i, n) in enumerate(zip(xs, x.shape)) if n != sizes[i]]
    return (x.squeeze(stretched) if stretched else x), [i for axis, i in enumerate(xs) if axis not in stretched]


def summed(x, xs, keep):
    """x summed over the axes whose index nobody else asks for."""
    lone = [axis for axis, i in enumerate(xs) if i not in keep]
    return (x.sum(lone), [i for i in xs if i in keep]) if lone else (x, xs)


def contracted(x, xs, y, ys, keep, sizes):
    """Two tensors as one: as two stacks of matrices, whose product sums over the indices that both have and nobody keeps."""
    x, xs = summed(x, xs, keep.union(ys))
    y, ys = summed(y, ys, keep.union(xs))
    stack = [i for i in xs if i in ys and i in keep]
    inner = [i for i in xs if i in ys and i not in keep]
    left, right = [i for i in xs if i not in ys], [i for i in ys if i not in xs]
    if inner:
        one_dtype("einsum", x.array, y.array)
    times = matmul if inner else mul
    product = times(folded(x, xs, sizes, stack, left, inner), folded(y, ys, sizes, stack, inner, right))
    indices = stack + left + right
    return product.reshape([sizes[i] for i in indices]), indices


def folded(x, xs, sizes, *groups):
    """x with one axis for each group of its indices."""
    x = x.permute([xs.index(i) for group in groups for i in group])
    return x.reshape([math.prod(sizes[i] for i in group) for group in groups])
