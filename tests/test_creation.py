"""New tensors: the same calls in both engines, with equal numbers, dtypes, layouts and errors."""

import numpy as np
import pytest

import tinygrad_edu as tg

CALLS = [
    # from data
    lambda t: t.tensor([1, 2.5]),
    lambda t: t.tensor([True, 2]),
    lambda t: t.tensor([[]]),
    lambda t: t.tensor(np.float64(1.5)),
    lambda t: t.tensor(np.array([1, 2], np.int16)),
    lambda t: t.tensor(1.7, dtype=t.int64),
    lambda t: t.tensor([t.tensor(1.0), 2]),
    lambda t: t.tensor(300, dtype=t.uint8),
    lambda t: t.tensor([-1, -255], dtype=t.uint8),
    lambda t: t.tensor(-256, dtype=t.uint8),
    lambda t: t.full((2,), -1, dtype=t.uint8),
    lambda t: t.tensor(2**70),
    lambda t: t.tensor(float("nan"), dtype=t.int64),
    lambda t: t.tensor("a"),
    lambda t: t.tensor([None]),
    lambda t: t.tensor([[1, 2], [3]]),
    lambda t: t.tensor(1, requires_grad=True),
    lambda t: t.asarray([1, 2], copy=False),
    lambda t: t.asarray(t.ones(2), dtype=t.int32, copy=False),
    lambda t: t.as_tensor(t.ones(2), dtype=t.int32),
    lambda t: t.ones(2).new_tensor([1, 2], requires_grad=True),
    # sizes
    lambda t: t.zeros(()),
    lambda t: t.zeros([2, 3]),
    lambda t: t.zeros(size=(2,)),
    lambda t: t.zeros((t.tensor(2), 3)),
    lambda t: t.zeros(),
    lambda t: t.zeros(-1),
    lambda t: t.zeros(2.5),
    lambda t: t.zeros(True),
    lambda t: t.full(2, 3),
    lambda t: t.randint(3, 5),
    # dtypes, places, layouts
    lambda t: t.full((2,), True),
    lambda t: t.full((2,), 3),
    lambda t: t.full((2,), t.tensor(3.0)),
    lambda t: t.full((2,), t.tensor(3.0, requires_grad=True)),
    lambda t: t.full_like(t.ones(2, dtype=t.uint8), 300),
    lambda t: t.ones(2).int().new_full((2,), 3.7),
    lambda t: t.scalar_tensor(3),
    lambda t: t.zeros(2, dtype=bool),
    lambda t: t.empty(2, dtype=3),
    lambda t: t.ones(2, dtype=t.int64, requires_grad=True),
    lambda t: t.ones(2, device="cpu", layout=t.strided, pin_memory=False),
    lambda t: t.ones(2, device=t.device("cpu", 1)),
    lambda t: t.ones(2, device="cuda"),
    lambda t: t.ones(2, device="nowhere"),
    lambda t: t.ones(2, device=3.5),
    lambda t: t.ones(2, layout="strided"),
    lambda t: t.ones(2, pin_memory=True),
    lambda t: t.ones(2, memory_format=t.contiguous_format),
    lambda t: t.empty(2, 3, 4, 5, memory_format=t.channels_last).zero_(),
    lambda t: t.empty(2, 3, memory_format=t.channels_last),
    lambda t: t.empty(2, 3, memory_format=t.preserve_format),
    lambda t: t.empty_strided((2, 3), (1, 2)).zero_(),
    lambda t: t.ones_like(t.ones(3, 2).t()),
    lambda t: t.ones_like(t.ones(3, 2).t(), memory_format=t.contiguous_format),
    lambda t: t.zeros_like(t.ones(2, 3, 4, 5), memory_format=t.channels_last),
    lambda t: t.ones(2, 3, 4, 5).to(t.float64, memory_format=t.channels_last),
    lambda t: t.ones(2, 3, 4, 5).contiguous(memory_format=t.channels_last),
    lambda t: t.ones(1, 3).expand(2, 3).clone(),
    lambda t: t.ones(3, 2).t().clone(),
    # out=
    lambda t: t.zeros(2, 3, out=t.ones(0)),
    lambda t: t.zeros(2, out=t.ones(2), dtype=t.int64),
    lambda t: t.zeros(2, out=t.ones(2), requires_grad=True),
    lambda t: t.arange(2.5, out=t.zeros(3, dtype=t.int32)),
    lambda t: t.eye(2, out=t.ones(2, 2, dtype=t.float64)),
    # counted off
    lambda t: t.eye(2, 3),
    lambda t: t.eye(-1),
    lambda t: t.arange(5),
    lambda t: t.arange(end=5, dtype=t.float64),
    lambda t: t.arange(5, 0, -2),
    lambda t: t.arange(1, 2, 0.1),
    lambda t: t.arange(t.tensor(0.0), t.tensor(2.0)),
    lambda t: t.arange(0, 3, -1),
    lambda t: t.arange(0, 3, 0),
    lambda t: t.arange(0, float("inf")),
    lambda t: t.arange(3, dtype=t.bool),
    lambda t: t.arange(),
    lambda t: t.linspace(-1, 1, 7),
    lambda t: t.linspace(-1, 1, 7, dtype=t.float64),
    lambda t: t.linspace(0, 9, 5, dtype=t.int32),
    lambda t: t.linspace(3, t.tensor(1), 1),
    lambda t: t.linspace(0, 1, 0),
    lambda t: t.linspace(0, 1, -1),
    lambda t: t.linspace(0, t.ones(1), 3),
    lambda t: t.logspace(0, 2, 3),
    lambda t: t.logspace(0, 3, 4, 2, dtype=t.int64),
    lambda t: t.tril_indices(3, 2, 1),
    lambda t: t.triu_indices(2, 3, -1, dtype=t.int32),
    lambda t: t.tril_indices(-1, 2),
    # and what they say of themselves
    lambda t: t.device("cuda", 1),
    lambda t: t.device("cpu:0") == t.device("cpu"),
    lambda t: t.device("cuda:x"),
    lambda t: t.finfo(t.float32),
    lambda t: t.finfo(t.float64).eps,
    lambda t: t.iinfo(t.int8),
    lambda t: t.iinfo(t.float32),
    lambda t: t.promote_types(t.int64, t.float32),
    lambda t: t.can_cast(t.float32, t.int64),
    lambda t: t.result_type(t.ones(2, dtype=t.int64), 2.5),
    lambda t: t.channels_last,
    lambda t: (t.ones(2).layout, t.ones(2).device, t.ones(2).is_cuda, t.ones(2).element_size(), t.ones(2).ndimension()),
    lambda t: t.ones(2).type(),
    lambda t: t.ones(2).type("torch.IntTensor"),
    lambda t: t.ones(2).type("nothing"),
    lambda t: t.ones(2).to("cpu", t.int32),
    lambda t: t.ones(2).to(t.int32, t.int64),
    lambda t: t.ones(2).to("cuda"),
    lambda t: t.ones(2).cuda(),
    lambda t: t.device("cuda" if t.cuda.is_available() else "mps" if t.backends.mps.is_available() else "cpu"),
    lambda t: (t.cuda.device_count(), t.cuda.manual_seed_all(1), t.backends.cudnn.deterministic),
    lambda t: t.cuda.current_device(),
    lambda t: t.ones(2).cpu(),
    lambda t: t.ones(2, 3).size(2),
    lambda t: t.ones(2).imag,
]


def described(call, engine):
    """What can be seen of the result; or of the error, its type."""
    try:
        x = call(engine)
    except Exception as error:
        return type(error)
    if isinstance(x, engine.Tensor):
        return tuple(x.shape), x.numel() and x.stride(), str(x.dtype), x.requires_grad, np.array(x.tolist())
    return repr(x)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("call", CALLS, ids=lambda call: str(call.__code__.co_firstlineno))
def test_it_is_what_torch_makes(call, torch):
    ours, theirs = described(call, tg), described(call, torch)
    assert ours[:-1] == theirs[:-1] if isinstance(ours, tuple) else ours == theirs
    if isinstance(ours, tuple):
        np.testing.assert_allclose(ours[-1], theirs[-1], rtol=2e-7, atol=1e-7)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "bool"])
def test_torchs_own_tensors_keep_their_dtype(dtype, torch):
    theirs = torch.tensor([0.1, 0.7], dtype=torch.float64).to(getattr(torch, dtype))
    for ours in (tg.tensor(theirs), tg.as_tensor(theirs)):
        assert ours.dtype is getattr(tg, dtype)
        assert ours.tolist() == theirs.tolist()


def test_a_tensor_of_a_tensor_warns_as_in_torch():
    with pytest.warns(UserWarning, match="To copy construct from a tensor"):
        tg.tensor(tg.ones(2))


@pytest.mark.parametrize("name", ["bernoulli", "normal"])
def test_chance_has_no_slope(name, promised):
    """torch puts what is drawn in the graph, with gradients of 0."""
    for t in (tg, promised):
        x = t.full((3,), 0.5, requires_grad=True)
        y = t.bernoulli(x) if name == "bernoulli" else t.normal(x, x)
        y.sum().backward()
        assert x.grad.tolist() == [0, 0, 0]
