"""What optimizers share: groups and names, options that are tensors, hooks, checkpoints, copies; and those that you write."""

import copy
import importlib
import pickle

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
    required,
)

ALL = [name for name in tg.optim.__all__ if name[0].isupper() and name != "Optimizer"]  # (the others are modules)
PER_PARAMETER = [name for name in ALL if name != "LBFGS"]


def leaf(engine, *numbers):
    return engine.tensor(list(numbers), requires_grad=True)


def outcome(program, engine):
    try:
        return program(engine)
    except Exception as error:
        return error


@pytest.mark.parametrize("name", ALL)
def test_torchs_paths_lead_to_it(name, torch):
    module = getattr(torch.optim, name).__module__.removeprefix("torch.")
    assert getattr(importlib.import_module(f"tinygrad_edu.{module}"), name) is getattr(tg.optim, name)


@pytest.mark.parametrize("name", ALL)
def test_options_are_torchs_in_order_and_in_print(name, torch):
    groups = [[{"params": leaf(e, 1.0), "lr": 0.25}] for e in (tg, torch)]
    ours, theirs = (getattr(e.optim, name)(given) for e, given in zip((tg, torch), groups))
    assert list(ours.defaults.items()) == list(theirs.defaults.items())
    assert list(ours.param_groups[0]) == list(theirs.param_groups[0])
    assert repr(ours) == repr(theirs)


def test_named_parameters(torch):
    texts = []
    for e in (tg, torch):
        model = [("weight", leaf(e, 1.0)), ("bias", leaf(e, 2.0))]
        optimizer = e.optim.SGD([{"params": model[:1]}, {"params": model[1:], "lr": 0.5}], lr=0.1)
        saved = optimizer.state_dict()
        other = e.optim.SGD([{"params": [("a", leaf(e, 1.0))]}, {"params": [("b", leaf(e, 2.0))]}], lr=0.1)
        other.load_state_dict(saved)
        saved["param_groups"][0].pop("param_names")
        again = e.optim.SGD([{"params": [("a", leaf(e, 1.0))]}, {"params": [("b", leaf(e, 2.0))]}], lr=0.1)
        again.load_state_dict(saved)
        texts.append((repr(optimizer), optimizer.state_dict(), repr(other), repr(again)))
    assert texts[0] == texts[1]
    assert "param_names: ['weight']" in texts[0][0]


BAD = {
    "half named": lambda e: e.optim.SGD([("a", leaf(e, 1.0)), leaf(e, 2.0)]),
    "a group named": lambda e: e.optim.SGD([{"params": [leaf(e, 1.0)]}, {"params": [("a", leaf(e, 2.0))]}]),
    "two rates": lambda e: e.optim.SGD([leaf(e, 1.0)], lr=e.tensor([0.1, 0.1])),
    "a set": lambda e: e.optim.SGD([{"params": {leaf(e, 1.0)}}]),
    "no dict": lambda e: e.optim.SGD([leaf(e, 1.0)]).add_param_group([leaf(e, 1.0)]),
    "fused and foreach": lambda e: e.optim.Adam([leaf(e, 1.0)], fused=True, foreach=True),
    "fused and differentiable": lambda e: e.optim.Adam([leaf(e, 1.0)], fused=True, differentiable=True),
    "a tensor rate for foreach": lambda e: e.optim.Adam([leaf(e, 1.0)], lr=e.tensor(0.1), foreach=True),
    "a beta that is no float": lambda e: e.optim.Adam([leaf(e, 1.0)], betas=(0, 0.9)),
    "captured on the CPU": lambda e: stepped(e, e.optim.Adam, capturable=True),
    "differentiated at a leaf": lambda e: stepped(e, e.optim.Adam, differentiable=True),
    "eta of 1": lambda e: e.optim.Rprop([leaf(e, 1.0)], etas=(1.0, 0.5)),
    "rho above 1": lambda e: e.optim.Adadelta([leaf(e, 1.0)], rho=1.1),
    "a negative momentum_decay": lambda e: e.optim.NAdam([leaf(e, 1.0)], momentum_decay=-1),
    "groups for LBFGS": lambda e: e.optim.LBFGS([{"params": leaf(e, 1.0)}, {"params": leaf(e, 1.0)}]),
    "an unknown line search": lambda e: stepped(e, e.optim.LBFGS, line_search_fn="golden"),
    "LBFGS without closure": lambda e: e.optim.LBFGS([leaf(e, 1.0)]).step(),
    "an option that no group gives": lambda e: e.optim.Optimizer(
        [leaf(e, 1.0)], {"lr": importlib.import_module(e.__name__ + ".optim.optimizer").required}
    ),
    "no step": lambda e: e.optim.Optimizer([leaf(e, 1.0)], {}).step(),
    "a hook that returns nonsense": lambda e: hooked(e, lambda *_: 1).step(),
}


def stepped(e, optimizer, **options):
    x = leaf(e, 1.0)
    optimizer = optimizer([x], **options)

    def closure():
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    closure()
    optimizer.step(closure)


def hooked(e, hook):
    optimizer = e.optim.SGD([leaf(e, 1.0)])
    optimizer.register_step_pre_hook(hook)
    return optimizer


@pytest.mark.parametrize("mistake", BAD)
def test_what_is_refused_is_refused_with_torchs_type(mistake, torch):
    ours, theirs = (outcome(BAD[mistake], e) for e in (tg, torch))
    assert isinstance(theirs, Exception), "torch accepts it"
    assert isinstance(ours, type(theirs)), ours


def test_a_refused_group_changes_nothing():
    optimizer = tg.optim.SGD([leaf(tg, 1.0)], lr=0.1)
    group = {"params": [leaf(tg, 2.0)], "lr": -1}
    with pytest.raises(ValueError, match="learning rate"):
        optimizer.add_param_group(group)
    assert len(optimizer.param_groups) == 1
    assert list(group) == ["params", "lr"]


@pytest.mark.parametrize("name", [*PER_PARAMETER, "LBFGS"])
@pytest.mark.parametrize(("dtype", "digits"), [(np.float64, 1e-13), (np.float32, 1e-5)])
def test_a_tensor_may_be_the_rate(name, dtype, digits, torch):
    ends = []
    for e in (tg, torch):
        x = e.tensor(np.linspace(-1, 1, 5).astype(dtype), requires_grad=True)
        rate = e.tensor(0.01)
        optimizer = getattr(e.optim, name)([x], lr=rate)
        for step in range(4):
            if step == 2:
                rate *= 0.5  # the optimizer sees it

            def closure(x=x, optimizer=optimizer):
                optimizer.zero_grad()
                loss = (x * x).sum()
                loss.backward()
                return loss

            closure()
            optimizer.step(closure)
        ends.append(x.detach().numpy())
    assert ends[0].dtype == dtype
    assert np.abs(ends[0] - ends[1]).max() <= digits


def test_tensor_betas_and_decay(torch):
    for name, options in (
        ("Adam", lambda e: dict(lr=e.tensor(0.01), betas=(e.tensor([[0.9]]), e.tensor(0.99)))),
        ("SGD", lambda e: dict(lr=0.1, weight_decay=e.tensor(0.1))),
    ):
        ends = []
        for e in (tg, torch):
            x = leaf(e, 1.0, 2.0)
            optimizer = getattr(e.optim, name)([x], **options(e))
            for _ in range(5):
                optimizer.zero_grad()
                (x * x).sum().backward()
                optimizer.step()
            ends.append(x.tolist())
        assert np.allclose(*ends, rtol=1e-5)


# ------------------------------------------------------------------ hooks


def history(e):
    """What happens in which order around a step and a checkpoint."""
    said = []
    say = lambda what, returns=None: lambda *given: said.append((what, len(given))) or returns
    module = importlib.import_module(e.__name__ + ".optim.optimizer")
    optimizer = e.optim.SGD([leaf(e, 1.0)], lr=0.1)
    everywhere = [
        module.register_optimizer_step_pre_hook(say("before all")),
        module.register_optimizer_step_post_hook(say("after all")),
    ]
    optimizer.register_step_pre_hook(
        lambda o, args, kwargs: say("closed")() or ((o, lambda: said.append("closure")), {})
    )
    gone = optimizer.register_step_pre_hook(say("gone"))
    gone.remove()
    optimizer.register_step_post_hook(say("after"))
    optimizer.register_state_dict_pre_hook(say("saving"))
    optimizer.register_state_dict_post_hook(lambda o, d: {**d, "more": 1})
    optimizer.register_state_dict_post_hook(lambda o, d: said.append(sorted(d)), prepend=True)
    optimizer.register_load_state_dict_pre_hook(lambda o, d: said.append(sorted(d)))
    optimizer.register_load_state_dict_pre_hook(say("first"), prepend=True)
    optimizer.register_load_state_dict_post_hook(say("loaded"))
    optimizer.step()
    for handle in everywhere:
        handle.remove()
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
    copy.deepcopy(optimizer).step()
    return said


def test_hooks_are_called_as_torch_calls_them(torch):
    assert history(tg) == history(torch)


def test_a_subclass_that_calls_its_parents_step_has_its_hooks_called_once():
    class Twice(tg.optim.SGD):
        def step(self, closure=None):
            super().step(closure)
            return super().step(closure)

    x, said = leaf(tg, 1.0), []
    x.grad = tg.ones(1)
    optimizer = Twice([x], lr=0.25)
    optimizer.register_step_post_hook(lambda *_: said.append(1))
    optimizer.step()
    assert (x.item(), said) == (0.5, [1])


# ------------------------------------------------------------------ checkpoints and copies


def test_what_older_checkpoints_lack_is_as_it_was(torch):
    found = []
    for e in (tg, torch):
        optimizer = e.optim.AdamW([leaf(e, 1.0)])
        saved = optimizer.state_dict()
        for name in (
            "foreach",
            "maximize",
            "capturable",
            "differentiable",
            "fused",
            "amsgrad",
            "decoupled_weight_decay",
        ):
            del saved["param_groups"][0][name]
        saved["state"] = {0: {"step": 3, "exp_avg": e.ones(1).double(), "exp_avg_sq": e.ones(1)}}
        optimizer.load_state_dict(saved)
        state = {
            k: (str(v.dtype).removeprefix("torch."), v.item()) for k, v in optimizer.state_dict()["state"][0].items()
        }
        found.append((repr(optimizer), state))
    assert found[0][0] == found[1][0]
    assert {k: v[1] for k, v in found[0][1].items()} == {k: v[1] for k, v in found[1][1].items()}


def test_what_is_loaded_is_a_copy():
    x = leaf(tg, 1.0)
    x.grad = tg.ones(1)
    optimizer = tg.optim.SGD([x], lr=0.1, momentum=0.9)
    optimizer.step()
    saved = optimizer.state_dict()
    optimizer.load_state_dict(saved)
    optimizer.step()
    assert saved["state"][0]["momentum_buffer"].item() == 1.0
    assert optimizer.state_dict()["state"][0]["momentum_buffer"].item() > 1.0


def test_state_of_no_parameter_is_kept():
    optimizer = tg.optim.SGD([leaf(tg, 1.0)])
    saved = optimizer.state_dict()
    saved["state"]["seen"] = 7
    optimizer.load_state_dict(saved)
    assert optimizer.state["seen"] == 7
    assert optimizer.state_dict()["state"] == {"seen": 7}


@pytest.mark.parametrize("name", [*PER_PARAMETER, "LBFGS"])
@pytest.mark.parametrize(
    "clone", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))], ids=["deepcopy", "pickle"]
)
def test_every_optimizers_copy_goes_on(name, clone):
    x = leaf(tg, 1.0, -2.0)
    original = x, getattr(tg.optim, name)([x])

    def step(x, optimizer):
        def closure():
            optimizer.zero_grad()
            loss = (x**4).sum()
            loss.backward()
            return loss

        closure()
        optimizer.step(closure)
        return x.tolist()

    step(*original)
    twin = clone(original)
    assert step(*original) == step(*twin)


def test_zero_grad_writes_zeros_where_the_gradient_was():
    x = leaf(tg, 1.0)
    (x * x).sum().backward(create_graph=False)
    gradient = x.grad
    tg.optim.SGD([x]).zero_grad(set_to_none=False)
    assert x.grad is gradient
    assert gradient.item() == 0


# ------------------------------------------------------------------ optimizers that you write


def lion(e):
    """Chen and others, 2023, as people write it for torch."""

    class Lion(e.optim.Optimizer):
        def __init__(self, params, lr=1e-2, betas=(0.9, 0.99), weight_decay=0.1):
            super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

        @e.no_grad()
        def step(self, closure=None):
            loss = None
            if closure is not None:
                with e.enable_grad():
                    loss = closure()
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    p.data.mul_(1 - group["lr"] * group["weight_decay"])
                    state = self.state[p]
                    if len(state) == 0:
                        state["step"] = 0
                        state["exp_avg"] = e.zeros_like(p, memory_format=e.preserve_format)
                    beta1, beta2 = group["betas"]
                    state["step"] += 1
                    update = state["exp_avg"].clone().mul_(beta1).add_(p.grad, alpha=1 - beta1).sign_()
                    p.add_(update, alpha=-group["lr"])
                    state["exp_avg"].mul_(beta2).add_(p.grad, alpha=1 - beta2)
            return loss

    return Lion


def adam_of_old(e):
    """Adam as torch's own tutorials had it: in-place on .data, with addcmul_ and addcdiv_."""

    class Adam(e.optim.Optimizer):
        def __init__(self, params, lr=required, betas=(0.9, 0.999), eps=1e-8):
            super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

        def step(self):
            for group in self.param_groups:
                for p in filter(lambda p: p.grad is not None, group["params"]):
                    g, state = p.grad.data, self.state[p]
                    if not state:
                        state.update(step=0, m=e.zeros_like(p.data), v=e.zeros_like(p.data))
                    beta1, beta2 = group["betas"]
                    state["step"] += 1
                    state["m"].mul_(beta1).add_(g, alpha=1 - beta1)
                    state["v"].mul_(beta2).addcmul_(g, g, value=1 - beta2)
                    denominator = (state["v"] / (1 - beta2 ** state["step"])).sqrt_().add_(group["eps"])
                    p.data.addcdiv_(state["m"], denominator, value=-group["lr"] / (1 - beta1 ** state["step"]))

    return Adam


@pytest.mark.parametrize("write", [lion, adam_of_old])
def test_your_own_optimizer_works_unchanged(write, torch):
    ends = []
    for e in (tg, torch):
        params = [leaf(e, 1.0, -2.0), leaf(e, 0.5)]
        optimizer = write(e)([{"params": params[:1]}, {"params": params[1:], "lr": 0.05}], lr=0.01)
        seen = []
        optimizer.register_step_post_hook(lambda *_, seen=seen: seen.append(1))
        for _ in range(10):
            optimizer.zero_grad()
            sum((p**4).sum() for p in params).backward()
            optimizer.step()
        saved = optimizer.state_dict()
        optimizer.load_state_dict(copy.deepcopy(saved))
        optimizer.step()
        ends.append(([p.tolist() for p in params], repr(optimizer), len(seen), sorted(saved["state"][0])))
    assert all(np.allclose(a, b, rtol=1e-5) for a, b in zip(ends[0][0], ends[1][0]))
    assert ends[0][1:] == ends[1][1:]


def test_a_scheduler_may_put_its_own_step_in_the_place_of_ours():
    x = leaf(tg, 1.0)
    x.grad = tg.ones(1)
    optimizer, calls = tg.optim.SGD([x], lr=0.25), []
    own = optimizer.step.__func__
    optimizer.step = lambda *given: calls.append(1) or own.__get__(optimizer, type(optimizer))(*given)
    optimizer.register_step_post_hook(lambda *_: calls.append(2))
    optimizer.step()
    assert (x.item(), calls) == (0.75, [1, 2])
    copy.deepcopy(optimizer).step()
    assert calls == [1, 2]


def test_hooks_of_all_optimizers_are_taken_out_again():
    handles = register_optimizer_step_pre_hook(print), register_optimizer_step_post_hook(print)
    for handle in handles:
        handle.remove()
    tg.optim.SGD([leaf(tg, 1.0)]).step()
