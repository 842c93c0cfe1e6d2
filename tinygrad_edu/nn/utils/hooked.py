"""Hooks that compute a module's weight before each forward: who has one, and how it is taken away."""

from typing import Any


def hooks_of(module: Any, kind: type, name: str) -> list[Any]:
    """The keys of the module's hooks of this kind that compute the tensor of this name."""
    return [
        key
        for key, (hook, _) in module._forward_pre_hooks.items()
        if isinstance(hook, kind) and hook.name == name  # type: ignore[attr-defined]
    ]


def the_only(hook: Any, module: Any, what: str) -> Any:
    """This hook, if the module has no other of its kind for the same tensor."""
    if hooks_of(module, type(hook), hook.name):
        raise RuntimeError(f"Cannot register two {what} hooks on the same parameter {hook.name}")
    return hook


def unhook(module: Any, kind: type, name: str, what: str) -> Any:
    """The module without its hook, which leaves the tensor as it computed it."""
    found = hooks_of(module, kind, name)
    if not found:
        raise ValueError(f"{what} of '{name}' not found in {module}")
    hook, _ = module._forward_pre_hooks.pop(found[0])
    hook.remove(module)
    return module
