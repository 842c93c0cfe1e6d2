"""What ops say about dims: torch's way to name them, and its errors."""

from operator import index


def one_dim(dim, ndim):
    """`dim` counted from the front."""
    span = max(ndim, 1)
    dim = index(dim)
    if not -span <= dim < span:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-span}, {span - 1}], but got {dim})")
    return dim % span


def axes(dim, ndim):
    """An int, several, or None (all) as a tuple of axes counted from the front."""
    if dim is None or dim == () or dim == []:
        return tuple(range(ndim))
    if not isinstance(dim, (tuple, list)):
        dim = (dim,)
    dims = tuple(one_dim(d, ndim) for d in dim)
    for i, d in enumerate(dims):
        if d in dims[:i]:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return dims if ndim else ()


def restored(g, shape, dim, keepdim):
    """A reduction's g with the reduced axes back, as axes of length 1."""
    if keepdim or not shape:
        return g
    gone = axes(dim, len(shape))
    return g[tuple(None if i in gone else slice(None) for i in range(len(shape)))]
