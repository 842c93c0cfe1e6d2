"""Where a tensor lives, and how its numbers lie there: torch's names for what is always the CPU, and its memory."""

import re

import numpy as np

KINDS = "cpu cuda ipu xpu mkldnn opengl opencl ideep hip ve fpga maia xla lazy vulkan mps meta hpu mtia privateuseone"


class device:
    """A place for tensors: `device("cpu")`, `device("cuda", 0)`. Others than the CPU have a name here, but no tensors.

    https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.device

    >>> import tinygrad_edu as tg
    >>> tg.device("cpu"), tg.ones(2).device == tg.device("cpu")
    (device(type='cpu'), True)
    """

    __slots__ = ("index", "type")
    type: str
    index: int | None

    def __init__(self, type, index=None):
        if isinstance(type, device):
            type, index = type.type, type.index
        if not isinstance(type, str):
            raise TypeError(f"device(): expected a name such as 'cpu', or a device, but got {type!r}")
        kind, colon, number = type.partition(":")
        if kind not in KINDS.split():
            raise RuntimeError(
                f"Expected one of {KINDS.replace(' ', ', ')} device type at start of device string: {type}"
            )
        if colon and (index is not None or not re.fullmatch(r"0|[1-9]\d*", number)):
            raise RuntimeError(f"Invalid device string: '{type}'")
        self.type, self.index = kind, int(number) if colon else index

    def __eq__(self, other):
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self):
        return hash((self.type, self.index))

    def __str__(self):
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self):
        return f"device(type='{self.type}'" + (")" if self.index is None else f", index={self.index})")

    def __reduce__(self):
        return device, (self.type, self.index)

    def __enter__(self):
        """Make tensors here while open: nothing changes, for the CPU."""
        on_cpu(self)
        return self

    def __exit__(self, *_):
        pass


CPU = device("cpu")


def on_cpu(where):
    """torch's error if this is another place than the CPU: a device, a string, or None."""
    if where is None:
        return
    if isinstance(where, int):
        raise RuntimeError(f"Cannot access accelerator device when none is available: device={where}. Say device='cpu'")
    if not isinstance(where, (str, device)):
        raise TypeError(f"argument 'device' must be torch.device, not {type(where).__name__}")
    kind = device(where).type
    if kind == "cuda":
        raise AssertionError("Torch not compiled with CUDA enabled: tensors live on the CPU here; say device='cpu'")
    if kind != "cpu":
        raise RuntimeError(f"no support for {kind} devices: tensors live on the CPU here; say device='cpu'")


# ------------------------------------------------------------------ the order of the numbers in memory


class Name:
    """One of torch's constants, known by its name."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"torch.{self.name}"

    def __reduce__(self):
        return self.name


class layout(Name):
    """Whether every number is stored."""


class memory_format(Name):
    """The order in which the dims of a tensor are laid out."""


strided = layout("strided")
contiguous_format, preserve_format, channels_last, channels_last_3d = map(
    memory_format, ("contiguous_format", "preserve_format", "channels_last", "channels_last_3d")
)
CHANNELS = {channels_last: (0, 2, 3, 1), channels_last_3d: (0, 2, 3, 4, 1)}  # the dims, the slowest first


def order(ndim, format):
    """The dims in this format, from the one whose steps in memory are longest."""
    if not isinstance(format, memory_format):
        raise TypeError(f"argument 'memory_format' must be torch.memory_format, not {type(format).__name__}")
    if format not in CHANNELS:
        return tuple(range(ndim))
    if ndim != len(CHANNELS[format]):
        raise RuntimeError(
            f"required rank {len(CHANNELS[format])} tensor to use {format.name} format, and this one has {ndim} dims"
        )
    return CHANNELS[format]


def blank(shape, dtype, format=contiguous_format, like=None):
    """An array of this shape whose numbers are not set, laid out in this format: to preserve it, as `like` is."""
    if format is preserve_format and like is not None:
        return np.empty_like(like, dtype, order="C" if 0 in like.strides else "K")  # (stretched dims have no place)
    dims = order(len(shape), format)
    return np.empty([shape[d] for d in dims], dtype).transpose(np.argsort(dims))


def copied(array, format=preserve_format):
    """The same numbers in memory of their own, laid out in this format."""
    if format in CHANNELS:
        out = blank(array.shape, array.dtype, format)
        out[...] = array
        return out
    return array.copy("K" if format is preserve_format and 0 not in array.strides else "C")


def is_laid_out(array, format):
    """Whether an array's numbers already lie in this format."""
    return array.transpose(order(array.ndim, format)).flags.c_contiguous
