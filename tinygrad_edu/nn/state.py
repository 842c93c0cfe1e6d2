"""A module's state as a dictionary, and back."""

from collections import OrderedDict, namedtuple
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import no_grad
from ..data import as_tensor
from ..handle import Handle
from .parameter import Parameter
from .uninitialized import is_lazy

NONE: Mapping[int, Any] = MappingProxyType({})
EXTRA = "_extra_state"


class Keys(namedtuple("_IncompatibleKeys", "missing_keys unexpected_keys")):
    """What `load_state_dict` did not find, and what it had no place for."""

    def __repr__(self):
        return super().__repr__() if any(self) else "<All keys matched successfully>"


class State:
    """What a Module has of checkpoints. Subclasses whose state has changed override `_load_from_state_dict`, which finds the
    `_version` that a checkpoint was written with in its `local_metadata`."""

    _version = 1
    _state_dict_pre_hooks = _state_dict_hooks = NONE
    _load_state_dict_pre_hooks = _load_state_dict_post_hooks = NONE
    _transient: set[str]  # the names of buffers that are no part of the state

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    # ---------------------------------------------------------------- hooks

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(module, prefix, keep_vars)` before `state_dict` collects this module's state."""
        return self._state_hook("_state_dict_pre_hooks", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(module, state_dict, prefix, local_metadata)` after `state_dict` has collected this module's state."""
        return self._state_hook("_state_dict_hooks", hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`
        before this module takes its part of a state."""
        return self._state_hook("_load_state_dict_pre_hooks", lambda *args: hook(self, *args))

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> Handle:
        """Call `hook(module, incompatible_keys)` after this module and those below it have taken their parts."""
        return self._state_hook("_load_state_dict_post_hooks", hook)

    def _register_load_state_dict_pre_hook(self, hook: Callable[..., Any], with_module: bool = False) -> Handle:
        """The same as without the underscore, and without the module unless it is wanted."""
        return self._state_hook(
            "_load_state_dict_pre_hooks", (lambda *args: hook(self, *args)) if with_module else hook
        )

    def _register_state_dict_hook(self, hook: Callable[..., Any]) -> Handle:
        return self._state_hook("_state_dict_hooks", hook)

    def _state_hook(self, kind: str, hook: Callable[..., Any]) -> Handle:
        return Handle(self.__dict__.setdefault(kind, OrderedDict()), hook)

    # ---------------------------------------------------------------- out

    def state_dict(self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Every parameter and persistent buffer by its dotted name, sharing their memory.

        https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.state_dict"""
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        metadata = dict(version=self._version)
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in tuple(self._state_dict_pre_hooks.values()):
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, child in self._modules.items():
            if child is not None:
                child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in tuple(self._state_dict_hooks.values()):
            replaced = hook(self, destination, prefix, metadata)
            destination = destination if replaced is None else replaced
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        for name, value in self._own_state().items():
            destination[prefix + name] = value if keep_vars else value.detach()
        if (extra := self.get_extra_state()) is not None:
            destination[prefix + EXTRA] = extra

    def _own_state(self) -> dict[str, Any]:
        """What of the state is this module's itself."""
        kept = [*self._parameters.items(), *self._buffers.items()]
        return {name: value for name, value in kept if value is not None and name not in self._transient}

    def get_extra_state(self) -> Any:
        """What else belongs to this module's state: override it, and `set_extra_state` with it."""
        return None

    def set_extra_state(self, state: Any) -> None:
        raise RuntimeError(
            f"{type(self).__name__} has no set_extra_state to take over {state!r}: define it beside get_extra_state"
        )

    # ---------------------------------------------------------------- and back in

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Keys:
        """Copy the values in, or `assign` the tensors themselves; arrays, and torch's tensors, are as welcome as ours.

        RuntimeError, and nothing changed, if names (under `strict`) or shapes differ.
        https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.load_state_dict"""
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        metadata = getattr(state_dict, "_metadata", {})
        keys, problems = Keys([], []), []
        mine = [(m, name, t) for m in self.modules() for name, t in m._own_state().items()]
        before = [(m, name, t, t.array.copy()) for m, name, t in mine if not is_lazy(t)]

        def load(module, state, prefix=""):
            local = dict(metadata.get(prefix[:-1], {})) | dict(assign_to_params_buffers=assign)
            module._load_from_state_dict(state, prefix, local, True, *keys, problems)
            for name, child in module._modules.items():
                if child is not None:
                    below = f"{prefix}{name}."
                    load(child, OrderedDict((k, v) for k, v in state.items() if k.startswith(below)), below)
            for hook in tuple(module._load_state_dict_post_hooks.values()):
                if hook(module, keys) is not None:
                    raise AssertionError(
                        "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new values,"
                        " if incompatible_keys need to be modified, it should be done inplace."
                    )

        try:
            load(self, OrderedDict(state_dict))
            for what, names in (("Missing", keys.missing_keys), ("Unexpected", keys.unexpected_keys)):
                if names and strict:
                    listed = ", ".join(f'"{name}"' for name in names)
                    problems.append(f"{what} key(s) in state_dict: {listed}. ")
            if problems:
                raise RuntimeError("\n\t".join([f"Error(s) in loading state_dict for {self._get_name()}:", *problems]))
        except BaseException:
            with no_grad():
                for module, name, t, array in before:
                    t.copy_(as_tensor(array))
                    setattr(module, name, t)
            raise
        return keys

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Take this module's own part of a state, without what is below it."""
        for hook in tuple(self._load_state_dict_pre_hooks.values()):
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        own = self._own_state()
        for name, mine in own.items():
            key = prefix + name
            if key in state_dict:
                problem = self._taken(name, mine, key, state_dict[key], local_metadata.get("assign_to_params_buffers"))
                error_msgs += [problem] if problem else []
            elif strict:
                missing_keys.append(key)
        has_extra = type(self).set_extra_state is not State.set_extra_state
        if has_extra and prefix + EXTRA in state_dict:
            self.set_extra_state(state_dict[prefix + EXTRA])
        elif has_extra and strict:
            missing_keys.append(prefix + EXTRA)
        known = {*own, *([EXTRA] if has_extra else [])}
        for key in state_dict if strict else ():
            if key.startswith(prefix):
                name, dot, _ = key[len(prefix) :].partition(".")
                if name not in (self._modules if dot else known):
                    unexpected_keys.append(key)

    def _taken(self, name, mine, key, value, assign):
        """Take one value over; what is wrong with it, if anything is."""
        if not hasattr(value, "__array__"):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint'
                f" but received {type(value)}"
            )
        shape = tuple(np.shape(value))
        if mine.shape != shape and not (mine.shape == () and shape == (1,)):
            return (
                f"size mismatch for {key}: copying a param with shape torch.Size({list(shape)}) from checkpoint,"
                f" the shape in current model is {mine.shape}."
            )
        value = as_tensor(value.detach() if hasattr(value, "detach") else value).reshape(mine.shape)
        if not assign:
            with no_grad():
                mine.copy_(value)
        elif not isinstance(mine, Parameter):
            setattr(self, name, value)
        else:
            setattr(self, name, Parameter(value, mine.requires_grad))
        return None
