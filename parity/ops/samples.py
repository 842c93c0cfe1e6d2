"""torch's samples, for either engine: the same numbers at the same places in memory; and the numbers that came out."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn.utils.rnn import PackedSequence

import tinygrad_edu as tg

from . import Beyond, Missing
from .names import ours

DTYPES = {repr(d): d for d in vars(tg).values() if isinstance(d, tg.dtype)}


def drawn(op, dtype, most=None):
    """[(index, sample)], what torch tests this operator with; at most so many, evenly spread."""
    grad = op.supports_autograd and dtype.is_floating_point
    return spread(op.sample_inputs("cpu", dtype, requires_grad=grad), most)


def spread(samples, most=None):
    samples = list(enumerate(samples))
    few = most is None or len(samples) <= most
    return samples if few else [samples[i] for i in np.linspace(0, len(samples) - 1, most).astype(int)]


# ------------------------------------------------------------------ what goes in


@dataclass
class Arguments:
    """A call's arguments; `leaves` are the tensors in them that require grad, in their order."""

    args: tuple = ()
    kwargs: dict = field(default_factory=dict)
    leaves: list = field(default_factory=list)


def arguments(sample, engine):
    """A fresh copy of a sample's arguments; what is one tensor twice remains so."""
    return copied_for(engine, (sample.input, *sample.args), sample.kwargs)


def copied_for(engine, args, kwargs):
    """A fresh copy of a call's arguments."""
    given, copies = Arguments(), {}

    def copied(thing):
        if isinstance(thing, torch.Tensor):
            if id(thing) not in copies:
                copies[id(thing)] = copy = engine.tensor(thing)
                if thing.requires_grad:
                    given.leaves.append(copy.requires_grad_())
            return copies[id(thing)]
        if type(thing) in (list, tuple):
            return type(thing)(map(copied, thing))
        if isinstance(thing, PackedSequence):
            return engine.namesake(PackedSequence)(*map(copied, thing))
        if isinstance(thing, dict):
            return {key: copied(value) for key, value in thing.items()}
        if isinstance(thing, slice):
            return slice(*map(copied, (thing.start, thing.stop, thing.step)))
        return engine.namesake(thing)

    given.args, given.kwargs = copied(tuple(args)), copied(kwargs)
    return given


class Theirs:
    """PyTorch."""

    lib = torch

    @staticmethod
    def tensor(t):
        return memory(t).clone().as_strided(t.shape, t.stride(), t.storage_offset())

    @staticmethod
    def namesake(thing):
        return thing


class Wide(Theirs):
    """PyTorch in float64, where the sample is in float32."""

    @staticmethod
    def tensor(t):
        return Theirs.tensor(t.double() if t.dtype == torch.float32 else t)

    @staticmethod
    def namesake(thing):
        return torch.float64 if thing is torch.float32 else thing


class Ours:
    """tinygrad_edu."""

    lib = tg

    @staticmethod
    def tensor(t):
        if repr(t.dtype) not in DTYPES:
            raise Beyond(f"a tensor of {t.dtype}")
        if t.device.type != "cpu" or t.layout is not torch.strided or t.ndim > 64:
            raise Beyond(f"a tensor of {t.ndim} dimensions that is {t.layout} on {t.device}")
        numbers = memory(t).numpy().copy()[t.storage_offset() if t.numel() else 0 :]
        strides = [n * t.itemsize for n in t.stride()]
        return tg.from_numpy(np.lib.stride_tricks.as_strided(numbers, t.shape, strides))

    @staticmethod
    def namesake(thing):
        if isinstance(thing, torch.dtype) and repr(thing) not in DTYPES:
            raise Beyond(f"{thing}")
        if isinstance(thing, complex):
            raise Beyond("complex numbers")
        if isinstance(thing, torch.device):
            if thing.type != "cpu":
                raise Beyond(f"device {thing}")
            return "cpu"
        if isinstance(thing, (torch.dtype, torch.memory_format, torch.layout)):
            name = str(thing).removeprefix("torch.")
            if not hasattr(tg, name):
                raise Missing(f"there is no tinygrad_edu.{name}")
            return getattr(tg, name)
        if isinstance(thing, torch.Size):
            return tg.Size(thing)
        if isinstance(thing, torch.Generator):
            return tg.Generator().manual_seed(thing.initial_seed())
        return ours(thing)


def memory(t):
    """All numbers of the memory that t looks at."""
    return torch.empty(0, dtype=t.dtype).set_(t.detach().untyped_storage())


def described(sample):
    """A sample's arguments, in words."""
    return in_words((sample.input, *sample.args), sample.kwargs)


def in_words(args, kwargs):
    """A call's arguments, in words."""
    return ", ".join([*map(words, args), *(f"{k}={words(v)}" for k, v in kwargs.items())])


def words(thing):
    """An argument in words: a tensor's dtype, shape, and strides if they are not the usual ones; few whole numbers."""
    if isinstance(thing, torch.Tensor):
        text = f"{thing.dtype}{list(thing.shape)}".removeprefix("torch.")
        text += "" if thing.is_contiguous() else f" of strides {list(thing.stride())}"
        text += "" if thing.is_floating_point() or thing.numel() > 4 else f" {thing.tolist()}"
        return text + " with grad" * thing.requires_grad
    if type(thing) in (list, tuple):
        inner = ", ".join(map(words, thing))
        return f"[{inner}]" if type(thing) is list else f"({inner})"
    return repr(thing)


# ------------------------------------------------------------------ what comes out


def flat(out):
    """(how an output is built, the tensors and numbers in it)"""
    if isinstance(out, (torch.Tensor, tg.Tensor)):
        return f"{out.dtype}{list(out.shape)}".removeprefix("torch."), [out]
    if isinstance(out, (torch.Size, tg.Size)):
        return f"Size{list(out)}", []
    if isinstance(out, (list, tuple)):
        parts = [flat(part) for part in out]
        built = f"{'list' if isinstance(out, list) else 'tuple'}({', '.join(built for built, _ in parts)})"
        return built, [leaf for _, leaves in parts for leaf in leaves]
    return (type(out).__name__, [out]) if isinstance(out, (bool, int, float)) else (str(out), [])


def tensors(out):
    return [t for t in flat(out)[1] if isinstance(t, (torch.Tensor, tg.Tensor))]


def array(t):
    """A copy of a tensor's or a number's value; None for no tensor."""
    if isinstance(t, torch.Tensor):
        return np.array(t.numpy(force=True))
    return None if t is None else np.array(t.array if isinstance(t, tg.Tensor) else t)
