"""What every optimizer shares: groups of parameters, their state, and the step over them."""

from collections import defaultdict
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from ..autograd import enable_grad
from ..memory import wrote
from ..tensor import Tensor, made
from ..users import warn


class Optimizer:
    """Holds parameters in groups, each with its options, and what it remembers of each parameter.

    An algorithm is a subclass with one method, `update(p, g, state, group)`, which changes the array p by its gradient
    g and keeps what it must in `state`; its own options come as `defaults`.
    https://docs.pytorch.org/docs/stable/optim.html
    """

    # Switches of torch's that choose between equal implementations: kept, so that checkpoints travel, and ignored.
    switches = dict(foreach=None, capturable=False, differentiable=False, fused=None)

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got one Tensor: put it"
                " in a list"
            )
        if not hasattr(params, "__iter__"):
            hint = ": pass its parameters()" if hasattr(params, "parameters") else ""
            raise TypeError(f"'{type(params).__name__}' object is not iterable{hint}")
        self.defaults, self.state, self.param_groups = defaults, defaultdict(dict), []
        groups = list(params)
        if not groups:
            raise ValueError(
                "optimizer got an empty parameter list: was model.parameters() used up, or the model empty?"
            )
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    @classmethod
    def checked(cls, switches):
        """torch's switches with what was asked of them; TypeError for any other name."""
        for name in switches.keys() - cls.switches.keys():
            raise TypeError(f"{cls.__name__}.__init__() got an unexpected keyword argument '{name}'")
        return cls.switches | switches

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take more parameters on, with options of their own where given."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeError("optimizer parameters need to be organized in ordered collections, and a set has no order")
        params = [params] if isinstance(params, Tensor) else list(params)
        params = [p[1] if isinstance(p, tuple) else p for p in params]
        for p in params:
            if not isinstance(p, Tensor):
                of = type(p).__module__.split(".")[0]
                raise TypeError(
                    f"optimizer can only optimize Tensors, but one of the params is {of}.{type(p).__name__}"
                    if of != "builtins"
                    else f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}"
                )
            if not p.is_leaf:
                raise ValueError(
                    "can't optimize a non-leaf Tensor: it was computed, so a step would be lost with the next forward. Give"
                    " the leaves that it was computed from, or detach() it and set requires_grad"
                )
        ids = [id(p) for p in params]
        if len(set(ids)) < len(ids):
            warn("optimizer contains a parameter group with duplicate parameters")
        if not {id(p) for group in self.param_groups for p in group["params"]}.isdisjoint(ids):
            raise ValueError("some parameters appear in more than one parameter group")
        group = {**self.defaults, **param_group, "params": params}
        self.check(group)
        self.param_groups.append(group)

    def check(self, group):
        """Raise ValueError where an option makes no sense. Subclasses add their own."""
        for name, what in (("lr", "learning rate"), ("eps", "epsilon value"), ("weight_decay", "weight_decay value")):
            if name in group and not group[name] >= 0.0:
                raise ValueError(f"Invalid {what}: {group[name]} (it must not be negative)")
        for i, beta in enumerate(group.get("betas", ())):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {i}: {beta} (it must be in [0, 1))")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: backward() adds to them, and the next batch should start from none."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.leaf is not None and p.leaf.grad is not None:
                    p.leaf.grad = None if set_to_none else made(np.zeros_like(p.array), None)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient. `closure`, if given, recomputes the loss, which is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with np.errstate(all="ignore"):
            for group in self.param_groups:
                maximize = group["maximize"]
                for p in group["params"]:
                    if p.leaf is not None and p.leaf.grad is not None:
                        g = p.leaf.grad.array
                        self.update(p.array, -g if maximize else g, self.state[p], group)
                        wrote(p)
        return loss

    def update(self, p, g, state, group):
        raise NotImplementedError(f"{type(self).__name__} defines no update")

    # ---------------------------------------------------------------- state

    def state_dict(self) -> dict[str, Any]:
        """Options and state, with parameters as numbers in order; the same structure as torch's."""
        number, groups = {}, []
        for group in self.param_groups:
            for p in group["params"]:
                number.setdefault(id(p), len(number))
            options = {k: v for k, v in group.items() if k != "params"}
            groups.append({**options, "params": [number[id(p)] for p in group["params"]]})
        return {"state": {number[id(p)]: dict(kept) for p, kept in self.state.items() if kept}, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over options and state; ValueError, and nothing changed, if the groups are not as long as ours."""
        theirs = state_dict["param_groups"]
        if len(theirs) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if [len(g["params"]) for g in theirs] != [len(g["params"]) for g in self.param_groups]:
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        by_number = {n: p for a, b in zip(theirs, self.param_groups) for n, p in zip(a["params"], b["params"])}
        state = defaultdict(dict)
        for n, kept in state_dict["state"].items():
            state[by_number[n]] = {k: self.taken(k, v, by_number[n]) for k, v in kept.items()}
        self.state = state
        for ours, group in zip(self.param_groups, theirs):
            ours.update({k: deepcopy(v) for k, v in group.items() if k != "params"})

    @staticmethod
    def taken(name, value, p):
        """A copy of a loaded value, in the parameter's dtype (but for the step count, which is float32)."""
        if not hasattr(value, "__array__"):
            return deepcopy(value)
        return made(np.asarray(value).astype(np.float32 if name == "step" else p.array.dtype), None)

    def __repr__(self):
        lines = []
        for i, group in enumerate(self.param_groups):
            lines += [f"Parameter Group {i}", *(f"    {k}: {group[k]}" for k in sorted(group) if k != "params")]
        return f"{type(self).__name__} (\n" + "\n".join(lines) + "\n)"
