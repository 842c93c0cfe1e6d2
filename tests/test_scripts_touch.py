"""What scripts touch on their way: devices, switches, old constructors, compilers. Each says what torch says, or raises as it does."""

import warnings
from operator import add

import numpy as np
import pytest

import tinygrad_edu as tg

SAME = {
    "to a device": lambda t: t.ones(2).to(t.device("cpu"), t.float64),
    "to where it is": lambda t: t.ones(2).to(device="cpu", dtype=t.int64, non_blocking=True),
    "to cuda": lambda t: t.ones(2).to("cuda"),
    "to mps": lambda t: t.ones(2).to("mps"),
    "cuda()": lambda t: t.ones(2).cuda(),
    "a model to cuda": lambda t: t.nn.Linear(1, 1).to("cuda"),
    "what a GPU is": lambda t: [
        t.cuda.is_available(),
        t.cuda.device_count(),
        t.cuda.is_bf16_supported(),
        t.cuda.memory_allocated(),
        t.cuda.max_memory_allocated(),
        t.cuda.memory_reserved(),
        t.mps.is_available(),
        t.mps.device_count(),
        t.xpu.is_available(),
        t.xpu.device_count(),
        t.accelerator.is_available(),
        t.accelerator.current_accelerator(),
        t.accelerator.device_count(),
        t.backends.mps.is_available(),
        t.backends.mps.is_built(),
        t.backends.cudnn.is_available(),
        t.backends.cudnn.version(),
    ],
    "seeds of GPUs": lambda t: [t.cuda.manual_seed(1), t.cuda.manual_seed_all(1), t.mps.manual_seed(1)],
    "caches of GPUs": lambda t: t.cuda.empty_cache(),
    "a cache of mps": lambda t: t.mps.empty_cache(),
    "the name of a GPU": lambda t: t.cuda.get_device_name(0),
    "the GPU": lambda t: t.cuda.current_device(),
    "waiting for a GPU": lambda t: t.cuda.synchronize(),
    "determinism": lambda t: [
        t.use_deterministic_algorithms(True, warn_only=True),
        t.are_deterministic_algorithms_enabled(),
        t.use_deterministic_algorithms(False),
        t.are_deterministic_algorithms_enabled(),
    ],
    "threads": lambda t: [t.set_num_threads(1), t.get_num_threads()],
    "no threads": lambda t: t.set_num_threads(0),
    "threads in words": lambda t: t.set_num_threads("1"),
    "precision": lambda t: [
        t.set_float32_matmul_precision("high"),
        t.get_float32_matmul_precision(),
        t.set_float32_matmul_precision("wild"),
        t.get_float32_matmul_precision(),
        t.set_float32_matmul_precision("highest"),
    ],
    "the default device": lambda t: [t.set_default_device("cpu"), t.get_default_device()],
    "the default type": lambda t: [t.set_default_tensor_type(t.DoubleTensor), t.ones(1)],
    "the default type by name": lambda t: [t.set_default_tensor_type("torch.DoubleTensor"), t.ones(1)],
    "a default type of CUDA": lambda t: t.set_default_tensor_type("torch.cuda.FloatTensor"),
    "a default type of integers": lambda t: t.set_default_tensor_type(t.LongTensor),
    "constants": lambda t: [t.inf, t.nan, t.pi, t.e, t.newaxis, t.ones(3)[:, t.newaxis].shape],
    "typename": lambda t: [t.typename(x) for x in (t.ones(1), t.ones(1).long(), t.nn.Parameter(t.ones(1)), 3, "a")],
    "is_storage": lambda t: t.is_storage(t.ones(1)),
    "detach": lambda t: t.detach(t.ones(1, requires_grad=True)),
    "Variable": lambda t: t.autograd.Variable(t.ones(2), volatile=True),
    "a size": lambda t: [
        add((3,), t.Size((1, 2))),
        t.Size([2]) * 2,
        2 * t.Size([2]),
        add(t.Size([1]), (2,)),
        t.Size().numel(),
    ],
    "range": lambda t: [t.range(-5.0, 5.0, 0.1), t.range(0, 3), t.range(5, 0, -2), t.range(1, 2, dtype=t.int64)],
    "range without an end": lambda t: t.range(3),
    "range the wrong way": lambda t: t.range(3, 0),
    "range without steps": lambda t: t.range(0, 3, 0),
    "range to infinity": lambda t: t.range(0, float("inf")),
    # old constructors
    "Tensor of sizes": lambda t: [t.Tensor(2, 3).shape, t.Tensor(3).shape, t.Tensor().shape, t.Tensor(0, 2).shape],
    "Tensor of a size": lambda t: t.Tensor(t.Size([2, 2])).shape,
    "Tensor of NumPy's size": lambda t: t.Tensor(np.int64(3), t.tensor(2)).shape,
    "Tensor of data": lambda t: [
        t.Tensor([1, 2]),
        t.Tensor((1, 2)),
        t.Tensor([[1.5], [2]]),
        t.Tensor([]),
        t.Tensor([[]]),
    ],
    "Tensor of a range": lambda t: [t.Tensor(range(3)), t.Tensor([range(3)])],
    "Tensor of an array": lambda t: [t.Tensor(np.array([1.5])), t.Tensor(np.arange(3)), t.Tensor(np.array(3.0))],
    "Tensor of tensors": lambda t: [t.Tensor([t.tensor(1.0), t.tensor(2)]), t.Tensor(t.ones(2, dtype=t.int64))],
    "Tensor that is looked at": lambda t: t.Tensor(x := t.ones(2)).data_ptr() == x.data_ptr(),
    "Tensor of a graph": lambda t: t.autograd.grad(t.Tensor(x := t.ones(2, requires_grad=True)).sum(), x),
    "Tensor on the CPU": lambda t: t.Tensor([1], device="cpu"),
    "Tensor elsewhere": lambda t: t.Tensor([1], device="cuda"),
    "Tensor of a float": lambda t: t.Tensor(1.5),
    "Tensor of a truth": lambda t: t.Tensor(True),
    "Tensor of NumPy's float": lambda t: t.Tensor(np.float32(3)),
    "Tensor of nothing": lambda t: t.Tensor(None),
    "Tensor of words": lambda t: t.Tensor("abc"),
    "Tensor of a dict": lambda t: t.Tensor({1: 2}),
    "Tensor of a negative size": lambda t: t.Tensor(-1),
    "Tensor of two lists": lambda t: t.Tensor([1], [2]),
    "Tensor of ragged lists": lambda t: t.Tensor([[1, 2], [3]]),
    "each old class": lambda t: [
        getattr(t, f"{kind}Tensor")([0, 1])
        for kind in ("Float", "Double", "Half", "Int", "Long", "Short", "Char", "Byte", "Bool")
    ],
    "integers of floats": lambda t: t.LongTensor([1.7, -1.7]),
    "bytes that do not fit": lambda t: t.ByteTensor([256]),
    "an old class of a tensor": lambda t: t.FloatTensor(t.ones(2)),
    "an old class of another's tensor": lambda t: t.FloatTensor(t.ones(2, dtype=t.int64)),
    "an old class's sizes": lambda t: [t.LongTensor(2, 2).dtype, t.FloatTensor(t.Size([2, 2])).shape],
    "instances of old classes": lambda t: [
        isinstance(x, kind)
        for x in (t.ones(1), t.ones(1).long(), t.nn.Parameter(t.ones(1)), 3)
        for kind in (t.FloatTensor, t.LongTensor, t.BoolTensor, t.Tensor)
    ],
    "an old class": lambda t: [t.FloatTensor, t.FloatTensor.dtype, issubclass(t.FloatTensor, t.Tensor)],
    "type()": lambda t: [t.ones(1).type(), t.ones(1).type(t.LongTensor), t.ones(1).type("torch.LongTensor").type()],
    "new": lambda t: [t.ones(1).long().new([1.5]), t.ones(2).double().new(2, 2).shape, t.ones(1).new().dtype],
    # compilers, half precision
    "compile": lambda t: [t.compile(lambda x: x + 1)(t.ones(1)), t.compile(mode="default")(lambda x: x)(2)],
    "compile what?": lambda t: t.compile(lambda x: x, mod="default"),
    "compiling": lambda t: [t.compiler.is_compiling(), t.jit.is_scripting(), t.jit.is_tracing()],
    "script": lambda t: [t.jit.script(t.nn.ReLU())(t.ones(1)), t.jit.trace(t.nn.ReLU(), t.ones(1))(-t.ones(1))],
    "autocast": lambda t: [
        t.is_autocast_enabled(),
        half(t, t.autocast("cpu", enabled=False)),
        half(t, t.amp.autocast("cuda")),
    ],
    "autocast of old": lambda t: half(t, t.cuda.amp.autocast()),
    "autocast decorates": lambda t: t.autocast("cuda")(lambda: t.ones(1).dtype)(),
    "scaler": lambda t: [scaled(t, t.amp.GradScaler("cuda")), scaled(t, t.GradScaler(enabled=False))],
    "scaler of old": lambda t: scaled(t, t.cuda.amp.GradScaler()),
}


def half(t, mode):
    with mode:
        return (t.ones(2, 2) @ t.ones(2, 2)).dtype


def scaled(t, scaler):
    """A step with a scaler, as the recipe has it."""
    w = t.ones(2, requires_grad=True)
    optimizer = t.optim.SGD([w], lr=0.1)
    scaler.scale((w * w).sum()).backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    scaler.load_state_dict(scaler.state_dict())
    return [w, scaler.is_enabled(), scaler.get_scale(), scaler.state_dict()]


def said(program, t):
    """What a program says in an engine: its text and its warnings, or the type of what it raises."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            text = repr(program(t))
        except Exception as error:
            text = type(error)
        finally:
            t.set_default_dtype(t.float32)
            t.set_default_device(None)
    return text, {w.category for w in caught} - {DeprecationWarning}


@pytest.mark.parametrize("what", SAME)
def test_it_is_what_torch_says(what, torch):
    ours, theirs = (said(SAME[what], t) for t in (tg, torch))
    assert ours[0] == theirs[0]
    if "default type" not in what:  # torch says that it is old once, and nothing of what it refuses
        assert ours[1] == theirs[1]


def test_errors_say_where_tensors_live():
    for move in (lambda: tg.ones(1).cuda(), lambda: tg.cuda.set_device(0), lambda: tg.set_default_device("cuda")):
        with pytest.raises(AssertionError, match=r"Torch not compiled with CUDA enabled: tensors live on the CPU"):
            move()


def test_half_precision_is_refused_where_it_would_matter():
    with pytest.raises(RuntimeError, match="bfloat16, which is not here: say enabled=False"):
        tg.autocast("cpu")
    with pytest.raises(RuntimeError, match="needs no GradScaler"):
        tg.GradScaler("cpu")


def test_compilers_give_back_what_they_got():
    model = tg.nn.Linear(1, 1)
    assert tg.compile(model) is tg.jit.script(model) is tg.jit.trace(model, tg.ones(1)) is model
    assert tg.compiler.disable(model) is tg.jit.ignore(model) is model
