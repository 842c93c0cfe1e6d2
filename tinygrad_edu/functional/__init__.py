"""Functions that need no rule of their own: they are made of ops, and the chain rule does the rest.

What only networks need (convolution, pooling, losses ...) is loaded by nn.functional.
"""

from . import (
    activations,
    arithmetic,
    comparison,
    conversion,
    differences,
    dims,
    einsum,
    extrema,
    indexing,
    joining,
    matrices,
    norms,
    order,
    pieces,
    scattering,
    search,
    statistics,
    systems,
    turning,
    views,
)
