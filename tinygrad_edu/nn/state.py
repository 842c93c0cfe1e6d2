"""A module's state as a dictionary, and back."""

from collections import OrderedDict, namedtuple
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..memory import wrote


class Keys(namedtuple("_IncompatibleKeys", "missing_keys unexpected_keys")):
    """What `load_state_dict` did not find, and what it had no place for."""

    def __repr__(self):
        return super().__repr__() if any(self) else "<All keys matched successfully>"


class State:
    """What a Module has of a checkpoint."""

    if TYPE_CHECKING:  # a module's attributes are whatever its author sets

        def __getattr__(self, name: str) -> Any: ...

    def state_dict(self, prefix: str = "") -> OrderedDict:
        """Every parameter and persistent buffer by its dotted name, sharing their memory."""
        state = OrderedDict()
        for path, module in self.named_modules(remove_duplicate=False):
            for name, value in [*module._parameters.items(), *module._buffers.items()]:
                if value is not None and name not in module._transient:
                    state[prefix + (f"{path}.{name}" if path else name)] = value.detach()
        return state

    def load_state_dict(self, state_dict: Mapping, strict: bool = True) -> Keys:
        """Copy the values in; RuntimeError, and nothing changed, if names (under `strict`) or shapes differ."""
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        own = self.state_dict()
        keys = Keys([k for k in own if k not in state_dict], [k for k in state_dict if k not in own])
        problems = []
        for what, names in zip(("Missing", "Unexpected"), keys):
            if names and strict:
                listed = ", ".join(f'"{name}"' for name in names)
                problems.append(f"{what} key(s) in state_dict: {listed}. ")
        for key in own.keys() & state_dict.keys():
            theirs = np.shape(state_dict[key])
            if theirs != own[key].shape:
                problems.append(
                    f"size mismatch for {key}: copying a param with shape torch.Size({list(theirs)}) from checkpoint,"
                    f" the shape in current model is {own[key].shape}."
                )
        if problems:
            raise RuntimeError("\n\t".join([f"Error(s) in loading state_dict for {type(self).__name__}:", *problems]))
        for key in own.keys() & state_dict.keys():
            own[key].array[...] = np.asarray(state_dict[key])
            wrote(own[key])
        return keys
