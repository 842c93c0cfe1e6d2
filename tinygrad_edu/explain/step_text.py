"""A step as plain text: what the terminal shows, and what `print` gives."""

from typing import Any

import numpy as np

from .numbers import shown
from .steps import Share, Step

MARGIN = 14  # columns for what a line is about


def step_text(step: Step, of: int, loss: str) -> str:
    """One step, of so many, of the walk back from what is called `loss`."""
    title = f"step {step.number} of {of}   {step.name}" + (
        f": {step.formula}" if step.is_leaf else f", made by {step.op}"
    )
    kept = [(f"saved {name}", value) for name, value in step.saved.items() if name != "out"]
    about = [
        ("made at", step.line or NOT_RECORDED if not step.is_leaf else None),
        ("computes", None if step.is_leaf else step.formula),
        ("value", step.value),
        *kept,
        *((name, repr(value)) for name, value in step.params.items()),
        (f"∂{loss}/∂{step.name}", step.arrived),
        ("after hooks", None if step.gradient is step.arrived else step.gradient),
        ("hooks", "this node has hooks of its own, which see its gradients go by" if step.hooked else None),
        (".grad", added(step.grad, step.gradient, step.grad_after) if step.keeps_grad else None),
    ]
    lines = [title, *(line for name, value in about if value is not None for line in entry(name, value))]
    for share in step.shares:
        lines += ["", *share_lines(share, loss)]
    return "\n".join(lines)


NOT_RECORDED = "not recorded: compute it inside `with tinygrad_edu.explain.recording():`"


def share_lines(share: Share, loss: str) -> list[str]:
    """What a step hands to one input."""
    about = [
        ("rule", share.rule and str(share.rule)),
        *((f"{helper.name}", helper.formula) for helper in (share.rule.helpers if share.rule else ())),
        *(("", helper.source) for helper in (share.rule.helpers if share.rule else ())),
        ("Jacobian", share.looks or None),
        ("", share.jacobian),
        ("product", share.product),
        ("summed", share.incoming if share.stretched else None),
        (f"∂{loss}/∂{share.to}", added(share.old, share.incoming, share.new)),
    ]
    lines = [f"  to {share.to}, its {share.input}"]
    return lines + [line for name, value in about if value is not None for line in entry(name, value)]


def entry(name: str, value: Any) -> list[str]:
    """A name and what it is; further lines stand under the first, and a long name on a line by itself."""
    lines = (value if isinstance(value, str) else shown(value)).split("\n")
    head = f"    {name}".ljust(MARGIN + 4)
    if len(name) >= MARGIN:
        lines = ["", *lines]
    return [f"{head if i == 0 else ' ' * (MARGIN + 4)}{line}".rstrip() for i, line in enumerate(lines)]


def added(old: Any, incoming: Any, new: Any) -> str:
    """The accumulation: `2 + 2 = 4`, or one array under the other.

    >>> added(np.array(2.0), np.array(2.0), np.array(4.0)), added(None, np.ones(3), np.ones(3))
    ('2 + 2 = 4', '0 + incoming = [1, 1, 1]')
    """
    if np.size(new) == 1:
        return f"{0 if old is None else shown(old)} + {shown(incoming)} = {shown(new)}"
    if old is None:
        return f"0 + incoming = {shown(new, 15)}"
    return f"  {shown(old, 2)}\n+ {shown(incoming, 2)}\n= {shown(new, 2)}"
