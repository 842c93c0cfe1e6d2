"""Module: names, state, hooks and conversions, beside torch's where it is installed."""

import copy
import pickle

import numpy as np
import pytest

import tinygrad_edu as tg


class Perceptron(tg.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = tg.nn.Linear(2, 3)
        self.rest = tg.nn.Sequential(tg.nn.ReLU(), tg.nn.Linear(3, 1))
        self.scale = tg.nn.Parameter(tg.ones(1))
        self.register_buffer("seen", tg.zeros(1))
        self.register_buffer("scratch", tg.zeros(1), persistent=False)

    def forward(self, x):
        return self.rest(self.first(x)) * self.scale


NAMES = ["scale", "first.weight", "first.bias", "rest.1.weight", "rest.1.bias"]


def test_names_are_dotted_paths_in_order_of_definition():
    model = Perceptron()
    assert [name for name, _ in model.named_parameters()] == NAMES
    assert [name for name, _ in model.named_buffers()] == ["seen", "scratch"]
    assert [name for name, _ in model.named_modules()] == ["", "first", "rest", "rest.0", "rest.1"]
    assert [name for name, _ in model.named_children()] == ["first", "rest"]
    assert list(model.state_dict()) == ["scale", "seen", *NAMES[1:]]


def test_a_shared_parameter_is_listed_once():
    model = tg.nn.Sequential(tg.nn.Linear(2, 2), tg.nn.Linear(2, 2))
    model[1].weight = model[0].weight
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert "1.weight" in model.state_dict()


def test_attributes_move_between_the_kinds():
    model = Perceptron()
    model.scale = None
    assert "scale" not in dict(model.named_parameters())
    model.scale = tg.nn.Parameter(tg.zeros(1))
    assert dict(model.named_parameters())["scale"] is model.scale
    del model.scale
    assert not hasattr(model, "scale")
    with pytest.raises(TypeError, match="cannot assign 'int' as child module 'first'"):
        model.first = 3
    model.first = None
    assert list(dict(model.named_children())) == ["rest"]


def test_what_is_written_to_the_dictionaries_is_what_attributes_are():
    model = Perceptron()
    model._modules["first"] = tg.nn.Tanh()
    model._parameters["scale"] = fast = model.scale * 2
    model._parameters.update(shift=None)
    assert isinstance(model.first, tg.nn.Tanh)
    assert model.scale is fast
    assert model.shift is None
    del model._parameters["scale"]
    assert not hasattr(model, "scale")
    with pytest.raises(KeyError):
        model._modules.pop("none")
    model._modules.clear()
    assert not hasattr(model, "first")


def test_state_travels():
    a, b = Perceptron(), Perceptron()
    x = tg.rand(4, 2)
    assert not np.allclose(a(x).tolist(), b(x).tolist())
    assert repr(b.load_state_dict(a.state_dict())) == "<All keys matched successfully>"
    assert a(x).tolist() == b(x).tolist()
    assert not np.shares_memory(a.scale.array, b.scale.array)
    keys = b.load_state_dict({"scale": tg.zeros(1), "more": tg.zeros(1)}, strict=False)
    assert keys.unexpected_keys == ["more"]
    assert "first.weight" in keys.missing_keys
    assert b.scale.item() == 0


def test_state_goes_to_torch_and_comes_back(torch):
    ours = tg.nn.Sequential(tg.nn.Linear(3, 4), tg.nn.Tanh(), tg.nn.Linear(4, 2))
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
    theirs.load_state_dict({k: torch.tensor(v.array) for k, v in ours.state_dict().items()})
    x = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    assert np.allclose(ours(tg.tensor(x)).tolist(), theirs(torch.tensor(x)).tolist(), atol=1e-6)
    theirs[0].weight.data.mul_(2)
    ours.load_state_dict(theirs.state_dict())
    assert np.array_equal(ours[0].weight.array, theirs[0].weight.detach().numpy())


def test_conversions_keep_the_parameters_and_their_gradients():
    model = Perceptron()
    parameter = model.scale
    model(tg.rand(4, 2)).sum().backward()
    model.double()
    assert model.scale is parameter
    assert parameter.dtype is parameter.grad.dtype is tg.float64
    assert model.seen.dtype is tg.float64
    model.zero_grad()
    model(tg.rand(4, 2, dtype=tg.float64)).sum().backward()
    assert parameter.grad.dtype is tg.float64
    assert model.to(tg.float32).scale.dtype is tg.float32


def test_train_and_eval_reach_everything():
    model = Perceptron().eval()
    assert not any(m.training for m in model.modules())
    assert all(m.training for m in model.train().modules())


def test_apply_goes_from_the_leaves_up():
    seen = []
    model = Perceptron()
    model.apply(lambda m: seen.append(type(m).__name__))
    assert seen == ["Linear", "ReLU", "Linear", "Sequential", "Perceptron"]


def test_hooks_see_and_replace():
    model = tg.nn.Linear(2, 1)
    before = model.register_forward_pre_hook(lambda m, args: (args[0] * 0,))
    after = model.register_forward_hook(lambda m, args, out: out + 1)
    assert model(tg.ones(2)).item() == (model.bias + 1).item()
    before.remove()
    with after:
        pass
    assert model(tg.zeros(2)).item() == model.bias.item()


@pytest.mark.parametrize(
    "clone", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))], ids=["deepcopy", "pickle"]
)
def test_a_copy_is_equal_and_apart(clone):
    model = tg.nn.Sequential(tg.nn.Linear(2, 3), tg.nn.ReLU(), tg.nn.Linear(3, 1))
    twin = clone(model)
    assert twin[0].weight is dict(twin.named_parameters())["0.weight"]
    assert twin[0].weight.requires_grad
    assert twin[0].weight.tolist() == model[0].weight.tolist()
    assert not np.shares_memory(twin[0].weight.array, model[0].weight.array)
    twin(tg.ones(2)).backward()
    assert model[0].weight.grad is None


def test_freezing():
    model = tg.nn.Linear(2, 1).requires_grad_(False)
    assert not model(tg.ones(2)).requires_grad
    model.requires_grad_()
    model(tg.ones(2)).backward()
    model.requires_grad_(False)
    assert model.weight.grad is not None, "the gradient survives"
