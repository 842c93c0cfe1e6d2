"""The steps as one HTML page: the graph on the left, the current step on the right; n and p step, / searches."""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from .html import Markup, data, document, element, facts, fragment, resource
from .numbers import shape_text, shown
from .step_graph import graph
from .step_text import NOT_RECORDED, added
from .steps import Share, Step

LINE = re.compile(r'File "(?P<file>(?:.*[/\\])?(?P<name>[^"]*))", line (?P<number>\d+): (?P<code>.*)')


def page(steps: Sequence[Step], loss: str) -> str:
    """The whole file."""
    title = f"{len(steps)} steps back from {loss}"
    value = steps[0].value
    heading = element("h1", title, f" = {shown(value)}" if value is not None and np.size(value) == 1 else None)
    left = element("nav", search(), element("div", graph(steps), id="pane"), aria_label="Graph", id="graph")
    right = element("div", controls(len(steps)), [article(step, loss) for step in steps], id="stage")
    texts = [" ".join(filter(None, (step.name, step.op, step.line))).lower() for step in steps]
    said = [f"Step {step.number} of {len(steps)}: {step.name}" for step in steps]
    return document(
        title,
        heading,
        element("div", left, right, class_="stepper"),
        data("steps", {"texts": texts, "said": said}),
        header=element("button", "Keys ", element("kbd", "?"), data_help=True, hidden=True),
        styles=[resource(__package__, "step_page.css")],
        scripts=[resource(__package__, "step_page.js")],
    )


def card(steps: Sequence[Step], loss: str) -> str:
    """The page in a frame of its own, as a notebook shows it."""
    return f'<iframe title="{escape(loss)}" srcdoc="{escape(page(steps, loss))}" style="width:100%;height:44rem;border:0"></iframe>'


def search() -> Markup:
    box = element("input", type="search", id="search", placeholder="name, op or line", autocomplete="off")
    return element("label", "Search ", element("kbd", "/"), box)


def controls(n: int) -> Markup:
    return element(
        "div",
        element("button", "← previous", id="previous", type="button"),
        element("button", "next →", id="next", type="button"),
        element("p", f"{n} steps, the first at the loss", id="where", role="status"),
        class_="controls",
    )


# ---------------------------------------------------------------- one step


def article(step: Step, loss: str) -> Markup:
    """All that is known of a step."""
    made = element("small", *((step.formula,) if step.is_leaf else ("made by ", element("code", step.op))))
    heading = element("h2", step.name, made, id=f"step-{step.number}-title")
    kept = [(f"saved {name}", array(value)) for name, value in step.saved.items() if name != "out"]
    rows = [
        ("made at", None if step.is_leaf else line(step.line)),
        ("computes", None if step.is_leaf else step.formula),
        ("shape", None if step.node.dtype == object else f"{shape_text(step.node.shape)}, {step.node.dtype}"),
        ("value", None if step.value is None else array(step.value)),
        *kept,
        *((name, element("code", repr(value))) for name, value in step.params.items()),
    ]
    arrives = [
        element("h3", "The gradient that has arrived"),
        equation(slope(loss, step.name), array(step.arrived)),
        None if step.gradient is step.arrived else equation("after its hooks", array(step.gradient)),
        element("p", "This node has hooks of its own, which see its gradients go by.") if step.hooked else None,
    ]
    rest = leaf(step) if step.keeps_grad else [share_section(share, loss) for share in step.shares]
    return element(
        "article",
        heading,
        facts((name, value) for name, value in rows if value is not None),
        arrives,
        rest,
        id=f"step-{step.number}",
        aria_labelledby=f"step-{step.number}-title",
    )


def line(text: str | None) -> Markup:
    """The user's own line."""
    found = LINE.fullmatch(text or "")
    if not found:
        return element("span", text or NOT_RECORDED, class_=None if text else "note")
    place = f"{found['name']}:{found['number']}"
    return fragment(element("code", found["code"], class_="line"), element("small", place, title=found["file"]))


def leaf(step: Step) -> list[Any]:
    """What backward() does at a leaf."""
    return [
        element("h3", "What backward() adds to ", element("code", f"{step.name}.grad")),
        accumulation(step.grad, step.gradient, step.grad_after),
    ]


def share_section(share: Share, loss: str) -> Markup:
    """What a step hands to one of its inputs."""
    name = element("code", share.to)
    return element(
        "section",
        element("h3", "To ", name, f", its {share.input}" if share.input != share.to else None),
        rule(share),
        jacobian(share),
        equation("the product", array(share.product)),
        equation("summed over the copies", array(share.incoming)) if share.stretched else None,
        element("p", "so that ", slope(loss, share.to), " becomes old + incoming = new:", class_="sum"),
        accumulation(share.old, share.incoming, share.new),
    )


def rule(share: Share) -> Markup | None:
    """The rule's expression; what it calls can be unfolded."""
    if share.rule is None:
        return None
    helpers = [
        element(
            "details",
            element("summary", element("code", helper.name), f": {helper.formula}" if helper.formula else None),
            element("pre", element("code", helper.source), tabindex=0) if helper.source else None,
        )
        for helper in share.rule.helpers
    ]
    return fragment(equation("the rule", element("code", str(share.rule), class_="rule")), helpers)


def jacobian(share: Share) -> Markup | None:
    """∂out/∂x, in full if it is small."""
    if not share.looks:
        return None
    full = None if share.jacobian is None else array(share.jacobian)
    return equation("local Jacobian", fragment(element("p", share.looks), full))


def accumulation(old: Any, incoming: Any, new: Any) -> Markup:
    """old + incoming = new; in one line, if they are numbers."""
    if np.size(new) == 1:
        return element("pre", element("samp", added(old, incoming, new)), class_="accumulation")
    parts = [("old", array(0 if old is None else old)), ("+ incoming", array(incoming)), ("= new", array(new))]
    return element("div", [equation(name, value) for name, value in parts], class_="accumulation")


def equation(name: Any, value: Any) -> Markup:
    return element("div", element("span", name, class_="name"), element("div", value), class_="equation")


def slope(loss: str, name: str) -> Markup:
    """∂loss/∂name."""
    return element("span", f"∂{loss} / ∂{name}", class_="slope")


def array(value: Any) -> Markup:
    """An array: in a line, which may be broken, or in rows, which scroll where the screen is narrow, also by keyboard."""
    text = shown(value)
    rows = "\n" in text
    return element("pre", element("samp", text), class_="rows" if rows else None, tabindex=0 if rows else None)
