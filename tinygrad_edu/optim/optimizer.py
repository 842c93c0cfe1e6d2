"""What every optimizer shares: groups of parameters with their options, what is remembered of each, hooks, checkpoints."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from typing import Any

import numpy as np

from .. import graph
from ..autograd import no_grad
from ..handle import Handle
from ..operands import lines
from ..teaching import taught
from ..tensor import Tensor, made
from ..users import warn


class Required:
    """Stands in `defaults` for an option that every group must give itself."""

    def __repr__(self):
        return "<required parameter>"


required = Required()


class Optimizer:
    """Holds parameters in groups, each with its options, and what it remembers of each parameter in `state`.

    To write one of your own: hand `params` and the default options to `super().__init__`, and define `step`, which goes
    through `self.param_groups`, and under `no_grad` writes to each parameter p by p.grad and by `self.state[p]`, a dict.
    https://docs.pytorch.org/docs/stable/optim.html
    """

    _hooks: dict[
        str, OrderedDict[int, Callable[..., Any]]
    ] = {}  # by when they are called; an instance may have its own

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

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "step" in vars(cls):
            cls.step = hooked(cls.step)

    def __repr__(self):
        groups = (
            f"\nParameter Group {i}\n"
            + "".join(f"    {name}: {group[name]}\n" for name in sorted(group) if name != "params")
            for i, group in enumerate(self.param_groups)
        )
        return f"{type(self).__name__} ({''.join(groups)})"

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Take more parameters on, named (name, tensor) or not, with options of their own where given."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeError("optimizer parameters need to be organized in ordered collections, and a set has no order")
        params = [params] if isinstance(params, Tensor) else list(params)
        names = [p[0] for p in params if isinstance(p, tuple)]
        if names and len(names) < len(params):
            raise ValueError("all optimizer params should be with/without names. Some param names are missing")
        params = [p[1] if isinstance(p, tuple) else p for p in params]
        for p in params:
            self.refuse_unless_optimizable(p)
        missing = [name for name, value in self.defaults.items() if value is required and name not in param_group]
        if missing:
            raise ValueError(f"parameter group didn't specify a value of required optimization parameter {missing[0]}")
        if len(set(params)) < len(params):
            warn("optimizer contains a parameter group with duplicate parameters: each step would update them twice")
        for group in self.param_groups:
            if ("param_names" in group) != bool(names):
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param group"
                    f" {'with' if names else 'without'} names to the optimizer"
                )
            if not set(group["params"]).isdisjoint(params):
                raise ValueError("some parameters appear in more than one parameter group")
        param_group["params"] = params
        if names:
            param_group["param_names"] = names
        for name, value in self.defaults.items():
            param_group.setdefault(name, value)
        self.param_groups.append(param_group)

    def refuse_unless_optimizable(self, p):
        if not isinstance(p, Tensor):
            module = type(p).__module__.split(".")[0]
            what = type(p).__name__ if module == "builtins" else f"{module}.{type(p).__name__}"
            raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {what}")
        if not (p.is_leaf or p.retains_grad or self.defaults.get("differentiable")):
            raise ValueError(
                taught(
                    f"can't optimize a non-leaf Tensor: this one, of shape {list(p.shape)}, was computed by {p.grad_fn.name()}.",
                    *lines(made=graph.origin.get(p.node)),
                    why="backward() leaves gradients at the leaves only, and the next forward would compute this one anew",
                    fix="give the leaves that it was computed from, or make it a leaf, `.detach().requires_grad_()`",
                )
            )

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients: backward() adds to them, and the next batch should start from none."""
        for group in self.param_groups:
            for p in group["params"]:
                if p.leaf is not None and p.leaf.grad is not None:
                    if set_to_none:
                        p.leaf.grad = None
                    else:
                        with no_grad():
                            p.leaf.grad.detach_().zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient. `closure`, if given, recomputes the loss, which is returned."""
        raise NotImplementedError(f"{type(self).__name__} defines no step")

    # ---------------------------------------------------------------- checkpoints

    def state_dict(self) -> dict[str, Any]:
        """Options and state, with parameters as numbers in their order; the same structure as torch's."""
        self.call_hooks("state_dict_pre")
        number: dict[int, int] = {}
        groups, first = [], 0
        for group in self.param_groups:
            for i, p in enumerate(group["params"], first):
                number.setdefault(id(p), i)
            options = {name: value for name, value in group.items() if name != "params"}
            groups.append({**options, "params": [number[id(p)] for p in group["params"]]})
            first += len(group["params"])
        state = {number[id(p)] if isinstance(p, Tensor) else p: kept for p, kept in self.state.items()}
        return self.call_hooks("state_dict_post", {"state": state, "param_groups": groups})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over options and state; ValueError, and nothing changed, if the groups are not as long as ours.

        Parameters are matched by their order; names that were saved replace ours, and say nothing about which is which."""
        state_dict = self.call_hooks("load_state_dict_pre", state_dict.copy())
        theirs = state_dict["param_groups"]
        if len(theirs) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if [len(g["params"]) for g in theirs] != [len(g["params"]) for g in self.param_groups]:
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        state, groups, places = defaultdict(dict), [], {}
        for ours, group in zip(self.param_groups, theirs):
            options = {name: taken(name, value) for name, value in group.items() if name != "params"}
            names = {"param_names": ours["param_names"]} if "param_names" in ours else {}
            groups.append({"params": ours["params"], **names, **options})
            places |= {n: (p, groups[-1]) for n, p in zip(group["params"], ours["params"])}
        for n, kept in state_dict["state"].items():
            p, group = places.get(n, (n, None))
            state[p] = deepcopy(kept) if group is None else taken(None, kept, p, group)
        self.__setstate__({"state": state, "param_groups": groups})
        self.call_hooks("load_state_dict_post")

    def __getstate__(self):
        """What is copied and pickled: not the hooks, nor what a scheduler has put in the place of `step`."""
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state):
        vars(self).update(state)

    # ---------------------------------------------------------------- hooks

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(optimizer, args, kwargs)` before each step; it may return (args, kwargs) to step with instead."""
        return self.register("step_pre", hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return self.register("step_post", hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(optimizer)` before each `state_dict()`."""
        return self.register("state_dict_pre", hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(optimizer, state_dict)` on what `state_dict()` returns; what the hook returns, if anything, replaces it."""
        return self.register("state_dict_post", hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(optimizer, state_dict)` on what is to be loaded; what the hook returns, if anything, replaces it."""
        return self.register("load_state_dict_pre", hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> Handle:
        """Call `hook(optimizer)` after each `load_state_dict()`."""
        return self.register("load_state_dict_post", hook, prepend)

    def register(self, when, hook, prepend=False):
        if "_hooks" not in vars(self):
            self._hooks = defaultdict(OrderedDict)
        handle = Handle(self._hooks[when], hook)
        if prepend:
            self._hooks[when].move_to_end(handle.key, last=False)
        return handle

    def call_hooks(self, when, *thing):
        """Call these hooks with the optimizer and the thing, if there is one; return it, or what a hook has put in its place."""
        for hook in list(self._hooks.get(when, {}).values()):
            result = hook(self, *thing)
            if thing and result is not None:
                thing = (result,)
        return thing[0] if thing else None


def taken(name, value, p=None, group=None):
    """A copy of what is loaded: tensors of any library become ours, and floats have the dtype of their parameter p.

    But the count of steps keeps its dtype: float16 counts to 2048."""
    if isinstance(value, dict):
        return {key: taken(key, inner, p, group) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(taken(None, inner, p, group) for inner in value)
    if not hasattr(value, "__array__") or isinstance(value, np.generic):
        return deepcopy(value)
    array = np.array(value.array if isinstance(value, Tensor) else value)
    if name == "step":
        narrow = group is not None and (group.get("capturable") or group.get("fused"))
        return made(array.astype(np.float32) if narrow else array, None)
    if p is None or p.array.dtype.kind != "f":
        return made(array, None)
    return made(array.astype(p.array.dtype), None)


# -------------------------------------------------------------------- hooks around a step

before_all: OrderedDict[int, Callable[..., Any]] = OrderedDict()
after_all: OrderedDict[int, Callable[..., Any]] = OrderedDict()


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> Handle:
    """Call `hook(optimizer, args, kwargs)` before each step of every optimizer."""
    return Handle(before_all, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> Handle:
    """Call `hook(optimizer, args, kwargs)` after each step of every optimizer."""
    return Handle(after_all, hook)


def hooked(step):
    """A class's step, with the hooks before and after it. As in torch, `args` begin with the optimizer."""

    @wraps(step)
    def with_hooks(self, *args, **kwargs):
        own = self._hooks
        if not (own or before_all or after_all) or type(self).step is not with_hooks:
            return step(self, *args, **kwargs)  # (a subclass's step that calls this one has called them)
        args = (self, *args)
        for hook in [*before_all.values(), *own.get("step_pre", {}).values()]:
            result = hook(self, args, kwargs)
            if result is not None:
                if not (isinstance(result, tuple) and len(result) == 2):
                    raise RuntimeError(
                        f"a step's pre-hook must return None or a tuple of (new_args, new_kwargs), not {result}"
                    )
                args, kwargs = result
        out = step(*args, **kwargs)
        for hook in [*own.get("step_post", {}).values(), *after_all.values()]:
            hook(self, args, kwargs)
        return out

    return with_hooks
