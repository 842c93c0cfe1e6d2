"""The fused multiply-add, a·b + c rounded once, in plain IEEE arithmetic.

torch's CPU code is compiled to use the processor's fma instruction, which NumPy does not offer. Where bits must be
equal to torch's (random numbers), we compute the product and the sum together with their exact rounding errors, and
round only the end result.
"""

import numpy as np


def two_sum(a, b):
    """s + e = a + b exactly, with s the rounded sum (Knuth)."""
    s = a + b
    b_part = s - a
    return s, (a - (s - b_part)) + (b - b_part)


def two_product(a, b):
    """p + e = a b exactly, with p the rounded product (Dekker, Veltkamp): halves of 26 bits multiply without error."""

    def halves(x):
        t = 134217729.0 * x  # 2²⁷ + 1
        high = t - (t - x)
        return high, x - high

    p = a * b
    (ah, al), (bh, bl) = halves(a), halves(b)
    return p, ((ah * bh - p) + ah * bl + al * bh) + al * bl


def odd(s, e):
    """s + e rounded to odd: if anything was lost, the last bit is 1, so that a later rounding cannot err by rounding twice.

    (Boldo and Melquiond, Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd, 2008.)"""
    bits = np.ascontiguousarray(s).view(np.int64)
    step = np.where((e > 0) == (s > 0), 1, -1)
    lost = (e != 0) & (bits & 1 == 0) & np.isfinite(s)
    return np.where(lost, bits + step, bits).view(np.float64)


def fma(a, b, c):
    """a·b + c with one rounding, for arrays and scalars of one dtype, float32 or float64."""
    if isinstance(c, np.generic) and not c:
        product = (
            a * b
        )  # nothing is added: the product's is the one rounding. +0 makes +0 of -0, but not of what became -0
        lost = (product == 0) & (a != 0) & (b != 0)
        return np.where(lost, product, product + c) if lost.any() else product + c
    if a.dtype == np.float32:
        return fma_float32(a, b, c)
    product, product_error = two_product(a, b)
    t, t_error = two_sum(c, product_error)
    s, s_error = two_sum(product, t)
    return s + odd(*two_sum(t_error, s_error))


def fma_float32(a, b, c):
    """In float64 the product of two float32 is exact, and only the sum rounds, to 53 bits; then we round to 24.

    Rounding twice errs only where the first result lies halfway between two float32, which it then is not: its last
    28 bits are 0, and which way to go is in what the first rounding lost. Where no result is such, we are done."""
    product = np.multiply(a, b, dtype=np.float64)
    s = np.asarray(product + c)
    rounded = s.astype(np.float32)
    halfway = (s.view(np.int64) << 36 == 0) & (s != rounded)
    return odd(*two_sum(product, c)).astype(np.float32) if halfway.any() else rounded
