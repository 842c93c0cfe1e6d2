"""The graph as the stepper's page shows it: a node for each step, which leads to it."""

from collections.abc import Sequence

from .html import Markup, element
from .steps import Step


def graph(steps: Sequence[Step]) -> Markup:
    """A list of the steps in their order."""
    items = [
        element("li", element("a", step.name, element("small", f" {step.op}"), href=f"#step={step.number}"))
        for step in steps
    ]
    return element("ol", items)
