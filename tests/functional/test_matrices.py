"""Products of matrices, and matrices undone: what torch's own samples leave out. Beside torch."""

import numpy as np
import pytest

import tinygrad_edu as tg

from .agree import agree, slopes, values

EINSUMS = {
    "implicit": ("ba", (2, 3)),
    "implicit, capitals first": ("aB,Bc", (2, 3), (3, 4)),
    "spaces": (" i j , j k -> k i ", (2, 3), (3, 4)),
    "three operands": ("ij,jk,kl->il", (2, 3), (3, 4), (4, 5)),
    "a trace": ("ii", (3, 3)),
    "a diagonal of three": ("iiij->ji", (2, 2, 2, 3)),
    "a diagonal times": ("ii,i->i", (3, 3), (3,)),
    "ellipses of two lengths": ("...i,...i->...", (4, 2, 3), (1, 3)),
    "an ellipsis summed": ("...i->i", (2, 3)),
    "an ellipsis that covers nothing": ("...ij->ji", (2, 3)),
    "an index that stretches": ("ij,jk->ik", (2, 3), (1, 4)),
    "an index of one operand only": ("ij,k->i", (2, 3), (4,)),
    "numbers of no axes": (",", (), ()),
    "no terms of a sum": ("ij,jk->ik", (2, 0), (0, 3)),
    "sizes differ": ("ij,jk", (2, 3), (2, 3)),
    "too many indices": ("ijk", (2, 3)),
    "too few operands": ("ij,jk", (2, 3)),
    "too many operands": ("ij", (2, 3), (3, 4)),
    "an unknown index": ("ij->k", (2, 3)),
    "an index twice in the output": ("ij->ii", (2, 3)),
    "no letter": ("i1", (2, 3)),
    "two arrows": ("ij->i->j", (2, 3)),
    "two ellipses": ("......", (2, 3)),
    "half an ellipsis": ("i.", (2, 3)),
    "no square": ("ii->i", (2, 3)),
    "ellipses that do not stretch": ("...i,...i->...", (4, 3), (2, 3)),
}


@pytest.mark.parametrize("name", EINSUMS)
def test_einsum(name, torch):
    equation, *shapes = EINSUMS[name]

    def program(t):
        return slopes(t, lambda *xs: t.einsum(equation, *xs), *(values(t, *shape) for shape in shapes))

    agree(program, tg, torch)


PROGRAMS = {
    "numbers for letters": lambda t: t.einsum(values(t, 2, 3), [0, 51], values(t, 3), [51], [0]),
    "an ellipsis among numbers": lambda t: t.einsum(values(t, 2, 3), [..., 1], values(t, 3, 2), [1, 2]),
    "a number that is no letter": lambda t: t.einsum(values(t, 2, 3), [0, 52]),
    "a list of operands": lambda t: t.einsum("ij,jk", [values(t, 2, 3), values(t, 3, 4)]),
    "no operand": lambda t: t.einsum(""),
    "two dtypes in a sum": lambda t: t.einsum("ij,jk", values(t, 2, 3), values(t, 3, 4).float()),
    "a permutation is a view": lambda t: viewed(t),
    "dot of two lengths": lambda t: t.dot(values(t, 3), values(t, 2)),
    "mm of vectors": lambda t: t.mm(values(t, 3), values(t, 3)),
    "bmm does not broadcast": lambda t: t.bmm(values(t, 1, 2, 3), values(t, 5, 3, 2)),
    "matmul's batches": lambda t: values(t, 5, 2, 3) @ values(t, 4, 3, 4),
    "matmul of truths": lambda t: t.ones(2, 2, dtype=t.bool) @ t.ones(2, 2, dtype=t.bool),
    "matmul of a number": lambda t: values(t, 2, 3) @ 2,
    "matmul of two dtypes": lambda t: values(t, 2, 3) @ values(t, 3, 4).float(),
    "addmm that ignores NaN": lambda t: t.addmm(
        t.full((4,), float("nan")), values(t, 2, 3).float(), t.ones(3, 4), beta=0
    ),
    "addmm of integers, half": lambda t: t.addmm(
        t.ones(1, 2).long(), t.ones(3, 2).long(), t.ones(2, 2).long(), beta=0.5
    ),
    "addmm of a shape that does not stretch": lambda t: t.addmm(values(t, 3), values(t, 2, 3), values(t, 3, 4)),
    "addr of integers, half": lambda t: t.addr(t.ones(2, 2).long(), t.ones(2).long(), t.ones(2).long(), beta=0.5),
    "a vector as weight": lambda t: slopes(t, t.nn.functional.linear, values(t, 4, 2, 3), values(t, 3)),
    "a bias that stretches": lambda t: slopes(
        t, t.nn.functional.linear, values(t, 4, 3), values(t, 2, 3), values(t, 1)
    ),
    "a bias that does not": lambda t: t.nn.functional.linear(values(t, 4, 3), values(t, 2, 3), values(t, 3)),
    "tensordot over two": lambda t: slopes(
        t, lambda x, y: t.tensordot(x, y, dims=([0, -1], [1, 0])), values(t, 2, 3, 4), values(t, 4, 2, 5)
    ),
    "tensordot over a stretched one": lambda t: t.tensordot(values(t, 2, 1), values(t, 3, 4), 1),
    "tensordot over unequal ones": lambda t: t.tensordot(values(t, 2, 3), values(t, 2, 3), 1),
    "multi_dot with vectors": lambda t: t.linalg.multi_dot([values(t, 3), values(t, 3, 4), values(t, 4)]),
    "multi_dot in the cheapest order": lambda t: t.linalg.multi_dot(
        [values(t, *s) for s in ((2, 7), (7, 3), (3, 5), (5, 4), (4, 6))]
    ),
    "powers": lambda t: [slopes(t, lambda x, n=n: t.linalg.matrix_power(x, n), regular(t)) for n in (-3, 0, 1, 2, 5)],
    "a half power": lambda t: t.linalg.matrix_power(regular(t), 0.5),
    "an inverse that is not": lambda t: t.linalg.inv(t.ones(3, 3)),
    "a square root that is not": lambda t: t.linalg.cholesky(-t.eye(3)),
    "the lower triangle is read": lambda t: slopes(t, t.linalg.cholesky, (regular(t) @ regular(t).mT).tril()),
    "rows of unknowns": lambda t: slopes(t, lambda a, b: t.linalg.solve(a, b, left=False), regular(t), values(t, 2, 3)),
    "a stack of vectors": lambda t: slopes(t, t.linalg.solve, t.stack([regular(t), 2 * regular(t)]), values(t, 2, 3)),
    "a system of the wrong size": lambda t: t.linalg.solve(regular(t), values(t, 4)),
    "a vector has no determinant": lambda t: t.det(values(t, 3)),
    "sign and logarithm": lambda t: [t.slogdet(-regular(t)).sign, t.linalg.slogdet(regular(t)).logabsdet],
}


def regular(t):
    return values(t, 3, 3) + 2 * t.eye(3, dtype=t.float64)


def viewed(t):
    x = t.zeros(2, 3)
    t.einsum("ij->ji", x).fill_(1)
    return x


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_does_what_it_does_in_torch(name, torch):
    agree(PROGRAMS[name], tg, torch)


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_the_slope_of_a_determinant_that_is_zero_is_right_twice(rank):
    """∂det/∂A has the minors of A, and they have minors in turn, whether or not A has an inverse."""
    basis = np.random.default_rng(0).integers(-3, 4, (3, 3)).astype(float)
    x = tg.tensor(basis[:, :rank] @ basis[:rank], requires_grad=True)
    minors = [
        [(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(x.array, i, 0), j, 1)) for j in range(3)] for i in range(3)
    ]
    for again in (False, True):
        (g,) = tg.autograd.grad(tg.det(x), x, create_graph=again)
        assert np.allclose(g.array, minors, atol=1e-12)
    assert tg.autograd.gradgradcheck(tg.det, (x,))
