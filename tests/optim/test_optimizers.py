"""Optimizers: torch's algebra, torch's state, torch's checkpoints."""

import copy
import pickle

import numpy as np
import pytest

import tinygrad_edu as tg

CONFIGURATIONS = [
    ("Adam", dict(lr=0.01)),
    ("Adam", dict(lr=0.01, betas=(0.8, 0.95), eps=1e-4)),
    ("Adam", dict(lr=0.01, weight_decay=0.1)),
    ("Adam", dict(lr=0.01, amsgrad=True)),
    ("Adam", dict(lr=0.01, maximize=True)),
    ("Adam", dict(lr=0.01, weight_decay=0.1, decoupled_weight_decay=True)),
    ("AdamW", dict(lr=0.01)),
    ("AdamW", dict(lr=0.01, weight_decay=0.3, amsgrad=True)),
    ("SGD", dict(lr=0.1)),
    ("SGD", dict(lr=0.1, momentum=0.9)),
    ("SGD", dict(lr=0.1, momentum=0.9, dampening=0.3)),
    ("SGD", dict(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01)),
    ("SGD", dict(lr=0.001, momentum=0.9, maximize=True)),
    ("NAdam", dict(lr=0.01, weight_decay=0.1)),
    ("NAdam", dict(lr=0.01, momentum_decay=6e-3, weight_decay=0.1, decoupled_weight_decay=True)),
    ("RAdam", dict(lr=0.01, betas=(0.9, 0.99))),
    ("RAdam", dict(lr=0.01, weight_decay=0.1, decoupled_weight_decay=True)),
    ("Adamax", dict(lr=0.01, weight_decay=0.1)),
    ("Adamax", dict(lr=0.01, betas=(0.3, 0.9))),
    ("Adagrad", dict(lr=0.1, lr_decay=0.1, initial_accumulator_value=0.1)),
    ("Adadelta", dict(lr=0.5, weight_decay=0.1)),
    ("RMSprop", dict(lr=0.01)),
    ("RMSprop", dict(lr=0.01, momentum=0.9, centered=True, weight_decay=0.1)),
    ("Rprop", dict(lr=0.01)),
    ("ASGD", dict(lr=0.1, lambd=0.01, t0=20)),
]
configured = pytest.mark.parametrize(("name", "options"), CONFIGURATIONS, ids=str)


def start(engine, dtype):
    rng = np.random.default_rng(0)
    return [engine.tensor(rng.standard_normal(shape).astype(dtype), requires_grad=True) for shape in ((4, 3), (3,), ())]


def train(engine, optimizer, params, steps, first=0):
    for step in range(first, first + steps):
        optimizer.zero_grad()
        w, b, c = params
        x = engine.tensor(np.random.default_rng(step).standard_normal((5, 4))).to(w.dtype)
        (((x @ w + b).tanh() * c - 0.5) ** 2).mean().backward()
        optimizer.step()


def arrays(params):
    return [p.detach().numpy() for p in params]


@configured
@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-13), (np.float32, 1e-5)])
def test_a_hundred_steps_equal_torchs(name, options, dtype, bound, torch):
    ends = []
    for engine in (tg, torch):
        params = start(engine, dtype)
        train(engine, getattr(engine.optim, name)(params, **options), params, 100)
        ends.append(arrays(params))
    for ours, theirs in zip(*ends):
        assert ours.dtype == theirs.dtype == dtype
        assert np.abs(ours - theirs).max() <= bound * np.abs(theirs).max()


def to_torch(state, torch):
    """A state_dict of ours with torch's tensors in it."""
    if isinstance(state, dict):
        return {k: to_torch(v, torch) for k, v in state.items()}
    if isinstance(state, list):
        return [to_torch(v, torch) for v in state]
    return torch.from_numpy(np.array(state.array)) if isinstance(state, tg.Tensor) else state


@configured
def test_checkpoints_travel_both_ways(name, options, torch):
    """40 steps here and 40 in torch are 80 steps of torch; and the other way round."""
    params = start(tg, np.float64)
    ours = getattr(tg.optim, name)(params, **options)
    train(tg, ours, params, 40)
    whole = start(torch, np.float64)
    reference = getattr(torch.optim, name)(whole, **options)
    train(torch, reference, whole, 40)

    theirs = [torch.tensor(a, requires_grad=True) for a in arrays(params)]
    optimizer = getattr(torch.optim, name)(theirs, **options)
    optimizer.load_state_dict(to_torch(ours.state_dict(), torch))
    back = [tg.tensor(a.copy(), requires_grad=True) for a in arrays(whole)]
    again = getattr(tg.optim, name)(back, **options)
    again.load_state_dict(reference.state_dict())
    for engine, opt, ps in ((torch, optimizer, theirs), (tg, again, back), (torch, reference, whole)):
        train(engine, opt, ps, 40, first=40)
    for a, b, c in zip(arrays(theirs), arrays(back), arrays(whole)):
        assert np.allclose(a, c, rtol=1e-12, atol=1e-14)
        assert np.allclose(b, c, rtol=1e-12, atol=1e-14)


@configured
def test_state_dicts_have_torchs_structure(name, options, torch):
    states = []
    for engine in (tg, torch):
        params = start(engine, np.float32)
        optimizer = getattr(engine.optim, name)(params, **options)
        train(engine, optimizer, params, 2)
        state = optimizer.state_dict()
        states.append(
            (
                state["param_groups"],
                {
                    n: {k: (v.dtype.itemsize, list(v.shape)) for k, v in s.items() if v is not None}
                    for n, s in state["state"].items()
                },
            )
        )
    assert states[0] == states[1]


@configured
def test_steps_leave_the_gradients_as_they_are(name, options):
    """State that shared memory with a gradient would change it, or be changed by the next backward."""
    params = start(tg, np.float64)
    for p in params:
        p.grad = tg.ones_like(p)
    optimizer = getattr(tg.optim, name)(params, **options)
    for _ in range(3):
        optimizer.step()
    assert all((p.grad.array == 1).all() for p in params)


def test_groups_have_their_own_options():
    a, b = tg.ones(2, requires_grad=True), tg.ones(2, requires_grad=True)
    optimizer = tg.optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    (a.sum() + b.sum()).backward()
    optimizer.step()
    assert np.allclose(a.tolist(), 0.9)
    assert np.allclose(b.tolist(), 0.5)
    c = tg.ones(1, requires_grad=True)
    optimizer.add_param_group({"params": [c], "lr": 1.0})
    c.sum().backward()
    optimizer.step()
    assert c.item() == 0


def test_a_closure_is_called_with_grad_and_its_loss_returned():
    x = tg.tensor([2.0], requires_grad=True)
    optimizer = tg.optim.SGD([x], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    with tg.no_grad():
        assert optimizer.step(closure).item() == 4
    assert x.item() == 1


def test_parameters_without_gradient_are_left_alone():
    x, y = tg.ones(1, requires_grad=True), tg.ones(1, requires_grad=True)
    optimizer = tg.optim.Adam([x, y])
    x.sum().backward()
    optimizer.step()
    assert y.item() == 1
    assert x.item() != 1
    assert y not in optimizer.state


def test_a_step_is_noticed_by_a_graph_that_saved_the_parameter():
    x = tg.ones(1, requires_grad=True)
    optimizer = tg.optim.SGD([x], lr=0.1)
    loss = (x * x).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_zero_grad_forgets_or_zeroes():
    x = tg.ones(1, requires_grad=True)
    optimizer = tg.optim.SGD([x], lr=0.1)
    x.sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert x.grad.item() == 0
    optimizer.zero_grad()
    assert x.grad is None


@pytest.mark.parametrize(
    "clone", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))], ids=["deepcopy", "pickle"]
)
def test_a_copy_goes_on_where_the_original_was(clone):
    params = start(tg, np.float64)
    optimizer = tg.optim.Adam(params, lr=0.01)
    train(tg, optimizer, params, 3)
    params2, optimizer2 = clone((params, optimizer))
    for ps, opt in ((params, optimizer), (params2, optimizer2)):
        train(tg, opt, ps, 3, first=3)
    assert all(np.array_equal(a, b) for a, b in zip(arrays(params), arrays(params2)))
    assert optimizer2.param_groups[0]["params"][0] is params2[0]
