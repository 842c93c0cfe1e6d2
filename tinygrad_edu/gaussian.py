"""Normal numbers out of uniform ones: Box and Muller's transform, sixteen at a time in torch's arithmetic, or in pairs.

For u and v uniform in [0, 1), r = √(-2 ln(1 - u)) and θ = 2πv are the polar coordinates of a point in the plane whose
two coordinates, r cos θ and r sin θ, are independent and normal with mean 0 and variance 1.

From 16 numbers up, torch works in the 8 lanes of a vector register: in each block of 16 uniform numbers, the first 8
are u, the last 8 v, and the 8 cosines and 8 sines take their places. In float32 it has ln, sin and cos as polynomials,
whose coefficients are those of the Cephes library. So that our bits are torch's, we take the same polynomials, and
round where its machine code rounds: a multiplication and the addition after it are one instruction, an `fma`.

Box and Muller, A note on the generation of random normal deviates, 1958.
"""

import math

import numpy as np

from .fma import fma
from .generator import BLOCK, working


def floats(*numbers):
    return [np.float32(x) for x in numbers]


SQRT_HALF, OCTANTS = floats(math.sqrt(0.5), 4 / math.pi)
# ln 2 in two parts and π/2 in three, all but the last of so few bits that their products with small numbers are exact
LN2, LN2_REST = floats(0.693359375, -2.12194440e-4)
HALF_PI, HALF_PI_MORE, HALF_PI_REST = floats(1.5703125, 4.837512969970703125e-4, 7.54978995489188216e-8)
LOG = floats(
    7.0376836292e-2,
    -1.1514610310e-1,
    1.1676998740e-1,
    -1.2420140846e-1,
    1.4249322787e-1,
    -1.6668057665e-1,
    2.0000714765e-1,
    -2.4999993993e-1,
    3.3333331174e-1,
)
SIN = floats(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
COS = floats(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)


def horner(coefficients, x):
    """((c₀ x + c₁) x + c₂) x ..., each step rounded once."""
    y, *rest = coefficients
    for c in rest:
        y = fma(y, x, c)
    return y


def log(x):
    """ln x for float32 x in (0, 1]: x = 2ᵉ (1 + f), |f| < √2 - 1, and ln(1 + f) = f - f²/2 + f³ P(f)."""
    m, e = np.frexp(x)  # x = 2ᵉ m, 1/2 <= m < 1
    low = m < SQRT_HALF
    f = m + m * low - 1
    e = (e - low).astype(np.float32)
    square = f * f
    y = fma(horner(LOG, f) * f, square, e * LN2_REST)
    return f + (y - square / 2) + e * LN2


def sin_cos(x):
    """sin x and cos x for float32 x in [0, 2π]: those of what is left after the nearest quarter turn, turned back."""
    quarter = (x * OCTANTS).astype(np.int32) + 1 >> 1
    turns = quarter.astype(np.float32)
    x = fma(turns, -HALF_PI_REST, x - turns * HALF_PI - turns * HALF_PI_MORE)
    square = x * x
    sin = fma(horner(SIN, square) * square, x, x)
    cos = fma(horner(COS, square) * square, square, -(square / 2)) + 1
    swap = quarter & 1 == 1
    return (
        np.where(swap, cos, sin) * (1 - (quarter & 2)).astype(np.float32),
        np.where(swap, sin, cos) * (1 - (quarter + 1 & 2)).astype(np.float32),
    )


def libm(f, x):
    """f, of the C library, entry by entry: NumPy's own float64 functions may differ in the last bit."""
    return np.fromiter(map(f, x.ravel().tolist()), np.float64, x.size).reshape(x.shape)


def transform(u, mean, std):
    """Blocks of 16 uniform numbers, as blocks of 16 normal ones."""
    u, v = u.reshape(-1, 2, 8).swapaxes(0, 1)
    if u.dtype == np.float32:
        ln, (sin, cos) = log(1 - u), sin_cos(np.float32(2 * math.pi) * v)
    else:
        angle = 2 * math.pi * v
        ln, sin, cos = libm(math.log, 1 - u), libm(math.sin, angle), libm(math.cos, angle)
    r = np.sqrt(-2 * ln)
    return fma(np.stack([r * cos, r * sin], 1), std, mean).ravel()


def blocks(generator, n, mean, std, d):
    """n >= 16 normal numbers. If the last block is not whole, the last 16 numbers are drawn anew."""
    wide = working(d)
    mean, std, whole = wide.type(mean), wide.type(std), n - n % 16
    # float16 draws the part that does not fill a block once, since its blocks are made one after the other
    out = generator.unit(whole if d == np.float16 else n, wide)
    for start in range(0, whole, BLOCK):
        part = slice(start, min(start + BLOCK, whole))
        out[part] = transform(out[part], mean, std)
    if n % 16:
        last = transform(generator.unit(16, wide), mean, std)
        out = np.concatenate([out[: n - 16], last])
    return out.astype(d, copy=False)


def pairs(generator, n, mean, std, d):
    """n normal numbers made two at a time in float64: from v, then u. A second one that is not needed is the
    generator's `spare`, the first number of the next such draw, whatever its dtype."""
    spare = [] if generator.spare is None else [generator.spare]
    v, u = generator.unit(2 * max(0, (n - len(spare) + 1) // 2)).reshape(-1, 2).T
    r, angle = np.sqrt(-2 * libm(math.log1p, -u)), 2 * math.pi * v
    drawn = np.stack([r * libm(math.cos, angle), r * libm(math.sin, angle)], 1)
    z = np.append(spare, drawn)
    generator.spare = float(z[n]) if z.size > n else None
    return fma(z[:n], np.float64(std), np.float64(mean)).astype(d)
