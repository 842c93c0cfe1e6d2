"""Products of vectors, matrices and stacks of matrices, under torch's names: special cases of matmul, and sums of them."""

from itertools import zip_longest

import numpy as np

from ..compose import composed
from ..dtype import bool as truth
from ..ops.axes import one_dim
from ..ops.elementwise import add, mul
from ..ops.index import getitem
from ..ops.linalg import matmul, one_dtype
from ..ops.piecewise import where
from ..tensor import Tensor, made
from ..users import warn
from .einsum import summed_product


def of_rank(name, *given):
    """Raise torch's error unless each of (tensor, number of dims) fits."""
    for x, ndim in given:
        if not isinstance(x, Tensor):
            raise TypeError(f"{name}(): its arguments must be Tensor, not {type(x).__name__}")
        if x.array.ndim != ndim:
            raise RuntimeError(
                f"{name}: {ndim}D tensors expected here, but got one of {x.array.ndim}D, {list(x.shape)}"
            )


# ------------------------------------------------------------------ two factors


@composed
def mm(input, mat2):
    """The product of two matrices."""
    of_rank("mm", (input, 2), (mat2, 2))
    return matmul(input, mat2)


@composed
def bmm(input, mat2):
    """The products of two equally long stacks of matrices."""
    of_rank("bmm", (input, 3), (mat2, 3))
    if len(input.array) != len(mat2.array):
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{len(input.array)}, {input.shape[2]}] but got:"
            f" {list(mat2.shape[:2])}. matmul() broadcasts, bmm() does not."
        )
    return matmul(input, mat2)


@composed
def mv(input, vec):
    """The product of a matrix and a vector."""
    of_rank("mv", (input, 2), (vec, 1))
    return matmul(input, vec)


@composed
def dot(input, tensor):
    """Σ input · tensor, of two vectors of one length."""
    of_rank("dot", (input, 1), (tensor, 1))
    return matmul(input, tensor)


@composed
def vdot(input, other):
    """dot, where there are no complex numbers."""
    of_rank("vdot", (input, 1), (other, 1))
    return matmul(input, other)


@composed(also="ger")
def outer(input, vec2):
    """out[i, j] = input[i] · vec2[j]."""
    of_rank("outer", (input, 1), (vec2, 1))
    return mul(input[:, None], vec2)


@composed
def inner(input, other):
    """Σ over the last axis of both: out[..., :] = Σⱼ input[..., j] · other[:, j]."""
    if not input.array.ndim or not other.array.ndim:
        return mul(input, other)
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(input.shape)} and"
            f" {list(other.shape)}"
        )
    return tensordot(input, other, ([-1], [-1]))


@composed(places="torch")
def tensordot(a, b, dims=2):
    """Σ over the last `dims` axes of a and the first of b; or over pairs of axes, `dims=([of a], [of b])`."""
    dims = dims.tolist() if isinstance(dims, Tensor) else dims
    if isinstance(dims, int):
        if not 0 <= dims <= min(a.array.ndim, b.array.ndim):
            raise RuntimeError(f"tensordot expects dims >= 0, and no more than both tensors have, but got dims={dims}")
        dims = list(range(a.array.ndim - dims, a.array.ndim)), list(range(dims))
    of_a, of_b = ([one_dim(d, x.array.ndim) for d in over] for x, over in zip((a, b), dims))
    one_dtype("tensordot", a.array, b.array)
    if len(of_a) != len(of_b):
        raise RuntimeError(f"both dimension lists should have same length, but {of_a} and {of_b} are not equally long")
    for over in of_a, of_b:
        if len(set(over)) < len(over):
            raise RuntimeError(f"dim {max(over, key=over.count)} appears multiple times in the list of dims")
    for i, j in zip(of_a, of_b):
        if a.shape[i] != b.shape[j] and 1 not in (a.shape[i], b.shape[j]):
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a.shape[i]} in dim {i} and second has size"
                f" {b.shape[j]} in dim {j}"
            )
    names_a = range(a.array.ndim)
    names_b = [of_a[of_b.index(j)] if j in of_b else len(names_a) + j for j in range(b.array.ndim)]
    return summed_product([a, b], [names_a, names_b], [i for i in (*names_a, *names_b) if i not in of_a]).to(a.dtype)


@composed
def kron(input, other):
    """Every entry of input times all of other: blocks that stand where the entries stood."""
    pairs = [*zip_longest(reversed(input.shape), reversed(other.shape), fillvalue=1)][::-1]
    blocks = mul(
        input.reshape([n for m, _ in pairs for n in (m, 1)]), other.reshape([n for _, m in pairs for n in (1, m)])
    )
    return blocks.reshape([m * n for m, n in pairs])


@composed
def trace(input):
    """The sum of the diagonal."""
    if input.array.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input.array.ndim}")
    return input.diagonal().sum()


# ------------------------------------------------------------------ in three dimensions


@composed
def cross(input, other, dim=None):
    """x × y along `dim`, by default the first that is 3 long."""
    if dim is None:
        warn("Using torch.cross without specifying the dim arg is deprecated: pass dim=, or use linalg.cross")
        dim = next((d for d, n in enumerate(input.shape) if n == 3), None)
        if dim is None:
            raise RuntimeError(f"no dimension of size 3 in input: {list(input.shape)}")
    return cross_along(input, other, dim=dim)


@composed(places="linalg", name="cross")
def cross_along(input, other, *, dim=-1):
    """(x₁y₂ - x₂y₁, x₂y₀ - x₀y₂, x₀y₁ - x₁y₀) along `dim`."""
    if input.array.ndim != other.array.ndim:
        raise RuntimeError(
            f"linalg.cross: inputs must have the same number of dimensions: {input.shape}, {other.shape}"
        )
    one_dtype("cross", input.array, other.array)
    at = one_dim(dim, input.array.ndim)
    if input.shape[at : at + 1] != (3,) or other.shape[at] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {list(input.shape)} and {list(other.shape)}"
        )
    turned = lambda x, order: getitem(x, (slice(None),) * at + (np.array(order),))
    next_, last = [1, 2, 0], [2, 0, 1]
    return turned(input, next_) * turned(other, last) - turned(input, last) * turned(other, next_)


@composed(places="linalg")
def vecdot(x, y, *, dim=-1):
    """Σ x · y along `dim`, with broadcasting."""
    if not x.is_floating_point():
        raise RuntimeError(f"linalg.vecdot: Expected a floating point or complex tensor as input. Got {x.dtype}")
    one_dtype("linalg.vecdot", x.array, y.array)
    return mul(x, y).sum(dim)


@composed(places="linalg", name="diagonal")
def matrix_diagonal(A, *, offset=0, dim1=-2, dim2=-1):
    """The diagonals of a stack of matrices."""
    return A.diagonal(offset, dim1, dim2)


# ------------------------------------------------------------------ several factors


@composed(places="linalg")
def multi_dot(tensors):
    """The product of all of the matrices, in the cheapest order; the first and the last may be vectors."""
    tensors = list(tensors)
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    first, last = tensors[0], tensors[-1]
    row, column = first.array.ndim == 1, last.array.ndim == 1
    tensors = [first[None] if row else first, *tensors[1:-1], last[:, None] if column else last]
    for k, x in enumerate(tensors):
        if x.array.ndim != 2:
            raise RuntimeError(
                f"multi_dot(): tensor {k} must be 2D (the first and the last may be 1D) but got {x.dim()}D"
            )
    one_dtype("multi_dot", *(x.array for x in tensors))
    product = chain(tensors, cheapest([len(tensors[0].array), *(x.shape[1] for x in tensors)]), 0, len(tensors) - 1)
    return product.reshape(product.shape[row : 2 - column])


def cheapest(sizes):
    """(i, j) -> where to part the product of the matrices i to j, so that there is the least to multiply.

    Cormen, Leiserson, Rivest & Stein, Introduction to Algorithms, section 14.2 (dynamic programming)."""
    cost, parting = {(i, i): 0 for i in range(len(sizes) - 1)}, {}
    for length in range(1, len(sizes) - 1):
        for i in range(len(sizes) - 1 - length):
            j = i + length
            costs = {k: cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1] for k in range(i, j)}
            parting[i, j] = min(costs, key=costs.get)
            cost[i, j] = costs[parting[i, j]]
    return parting


def chain(tensors, parting, i, j):
    if i == j:
        return tensors[i]
    k = parting[i, j]
    return mm(chain(tensors, parting, i, k), chain(tensors, parting, k + 1, j))


# ------------------------------------------------------------------ beta · input + alpha · product


def plus(name, input, beta, product, alpha):
    """beta · input, which beta = 0 makes 0 even of NaN, stretched to the product's shape, + alpha · product."""
    one_dtype(name, input.array, product.array)
    return add(scaled(input, beta).expand(product.shape), scaled(product, alpha))


def scaled(x, factor):
    if not factor:
        return where(made(np.asarray(False), None), x, False)
    if factor == 1 or x.dtype is truth:
        return x
    return mul(x, factor if x.is_floating_point() else int(factor))


@composed(inplace=True)
def addmm(input, mat1, mat2, *, beta=1, alpha=1):
    """beta · input + alpha · mat1 mat2."""
    return plus("addmm", input, beta, mm(mat1, mat2), alpha)


@composed(inplace=True)
def addmv(input, mat, vec, *, beta=1, alpha=1):
    """beta · input + alpha · mat vec."""
    return plus("addmv", input, beta, mv(mat, vec), alpha)


@composed(inplace=True)
def baddbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """beta · input + alpha · batch1 batch2, for stacks of matrices."""
    return plus("baddbmm", input, beta, bmm(batch1, batch2), alpha)


@composed(inplace=True)
def addbmm(input, batch1, batch2, *, beta=1, alpha=1):
    """beta · input + alpha · Σ over the stack of batch1 batch2."""
    of_rank("addbmm", (batch1, 3), (batch2, 3))
    return plus("addbmm", input, beta, tensordot(batch1, batch2, ([0, 2], [0, 1])), alpha)


@composed(inplace=True)
def addr(input, vec1, vec2, *, beta=1, alpha=1):
    """beta · input + alpha · vec1 vec2ᵀ."""
    product = outer(vec1, vec2)
    for name, factor in (("beta", beta), ("alpha", alpha)):
        if isinstance(factor, float) and not (input.is_floating_point() or product.is_floating_point()):
            raise RuntimeError(f"For integral input tensors, argument {name} must not be a floating point number.")
    return add(scaled(input, beta).expand(product.shape), scaled(product, alpha))
