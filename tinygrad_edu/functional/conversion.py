"""The same numbers in other dtypes, in other layouts, and one by one."""

from ..compose import composed
from ..device import device as place
from ..device import is_laid_out, on_cpu, preserve_format
from ..dtype import as_dtype, float16, float32, float64, int8, int16, int32, int64, uint8
from ..dtype import bool as truth
from ..dtype import result_type as met
from ..legacy import TensorType, old_type, type_of
from ..ops.shape import cast, clone
from ..tensor import Tensor


@composed(places="Tensor")
def to(self, *args, dtype=None, device=None, non_blocking=False, copy=False, memory_format=preserve_format):
    """This tensor in another dtype (or as another tensor's) or layout; itself if nothing would change, unless `copy`.

    `to(dtype)`, `to(device, dtype)` or `to(other)`, each followed by non_blocking and copy."""
    switches = [a for a in args if isinstance(a, bool)]  # non_blocking, which means nothing here, and copy
    copy = switches[1] if len(switches) > 1 else copy
    for a in args:
        if isinstance(a, Tensor):
            dtype, device = a.dtype, a.device
        elif isinstance(a, (str, place)) or type(a) is int:
            device = a
        elif a is not None and type(a) is not bool:
            dtype = a if dtype is None else twice(dtype, a)
    on_cpu(device)
    return converted(self, self.dtype if dtype is None else as_dtype(dtype), copy, memory_format)


def twice(a, b):
    raise TypeError(f"to() received an invalid combination of arguments - got two dtypes, {a} and {b}")


def converted(x, dtype, copy=False, memory_format=preserve_format):
    if dtype is not x.dtype:
        return cast(x if dtype.is_floating_point else x.detach(), dtype.dtype, memory_format)
    if copy or not (memory_format is preserve_format or is_laid_out(x.array, memory_format)):
        return clone(x, memory_format=memory_format)
    return x


def converter(name, wanted):
    def convert(self, memory_format=preserve_format):
        return converted(self, wanted, memory_format=memory_format)

    convert.__doc__ = f"This tensor as {wanted}."
    return composed(convert, places="Tensor", name=name)


for name, wanted in {
    "float": float32,
    "double": float64,
    "half": float16,
    "int": int32,
    "long": int64,
    "short": int16,
    "char": int8,
    "byte": uint8,
    "bool": truth,
}.items():
    converter(name, wanted)


@composed(places="Tensor", name="type")
def typed(self, dtype=None, non_blocking=False):
    """This tensor in another dtype; without one, the old name of its class: 'torch.FloatTensor'."""
    if dtype is None:
        return f"torch.{old_type(self.dtype).__name__}"
    if isinstance(dtype, (str, TensorType)):
        dtype = type_of(dtype).dtype
    return converted(self, as_dtype(dtype))


@composed(places="Tensor")
def type_as(self, other):
    """This tensor in the other's dtype."""
    if not isinstance(other, Tensor):
        raise TypeError(f"type_as(): argument 'other' (position 1) must be Tensor, not {type(other).__name__}")
    return converted(self, other.dtype)


# ------------------------------------------------------------------ the only place there is


@composed(places="Tensor")
def cpu(self, memory_format=preserve_format):
    """Itself: it is there already."""
    return converted(self, self.dtype, memory_format=memory_format)


@composed(places="Tensor")
def cuda(self, device=None, non_blocking=False, memory_format=preserve_format):
    """Not possible: tensors live on the CPU here."""
    on_cpu(place("cuda"))


@composed(places="Tensor")
def pin_memory(self, device=None):
    """Not possible: there is no accelerator that would read it."""
    raise RuntimeError("Cannot access accelerator device when none is available: pin_memory() serves copies to a GPU")


# ------------------------------------------------------------------ real numbers are their own conjugates


def itself(name, places="torch Tensor"):
    def same(input):
        return input

    same.__doc__ = "Itself, for real numbers."
    return composed(same, places=places, name=name)


for name in ("conj", "conj_physical", "resolve_conj", "resolve_neg"):
    itself(name)
itself("real", places="torch")


@composed(places="torch")
def imag(input):
    """Not defined for real numbers."""
    raise RuntimeError("imag is not implemented for tensors with non-complex dtypes: all numbers are real here")


for name, get in {"real": lambda self: self, "imag": imag}.items():
    setattr(Tensor, name, property(get))


# ------------------------------------------------------------------ questions


def asked(question):
    """A method of tensors that gives no tensor, as a function."""

    def ask(input):
        return getattr(input, question)()

    ask.__doc__ = getattr(Tensor, question).__doc__
    return composed(ask, places="torch", name=question)


for question in (
    "numel",
    "is_floating_point",
    "is_complex",
    "is_signed",
    "is_nonzero",
    "is_conj",
    "is_neg",
    "is_inference",
):
    asked(question)


@composed(places="torch")
def is_storage(obj):
    """Whether it is a storage: nothing is, since a tensor's memory is an array here."""
    return False


@composed(places="torch")
def detach(input):
    """The same memory outside the graph."""
    return input.detach()


@composed(places="torch")
def is_tensor(obj):
    """Whether it is a Tensor."""
    return isinstance(obj, Tensor)


@composed(places="torch")
def result_type(tensor1, tensor2):
    """The dtype of an op of these two, tensors or numbers."""
    return met(*(x.array if isinstance(x, Tensor) else x for x in (tensor1, tensor2)))
