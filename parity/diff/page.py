"""The report as one HTML page: the verdict, the first finding with all its evidence, the run, and each step's calls."""

from math import isfinite
from pathlib import Path

from tinygrad_edu.explain.charts import Axis, Row, Scale, Series, chart, legend, lines, shades, strip
from tinygrad_edu.explain.html import (
    aligned,
    data,
    document,
    element,
    facts,
    fragment,
    number,
    resource,
    section,
    table,
)
from tinygrad_edu.testing.judge import KAPPA

from .card import VIEWS, finding_card, others, word
from .pack import Packed, short

SPREAD = Scale(0.1, KAPPA, limit=True)
DRIFT = Scale(1e-9, 1)


def write(report, path):
    Path(path).write_text(page(report), encoding="utf-8")


def page(report):
    """The whole file, from the report that `python -m parity diff` also writes as JSON."""
    packed = Packed(report)
    findings = report["findings"]
    parts = [
        finding_card(report, findings[0]) if findings else None,
        others(findings[1:]) if findings[1:] else None,
        training(packed) if packed.steps else None,
        step_by_step(packed) if packed.tabled else None,
        about(report, packed),
        data("run", packed.data),
    ]
    styles, scripts = ([resource(__package__, f"page.{kind}")] for kind in ("css", "js"))
    title = f"parity diff: {short(report['script'])}"
    return document(title, top(report), *parts, header=command(report), styles=styles, scripts=scripts)


# ---------------------------------------------------------------------- the verdict


def command(report):
    words = " ".join([str(report["script"]), *map(str, report["arguments"])])
    return fragment(
        element("code", f"python -m parity diff {words}"),
        element("button", "Keys ", element("kbd", "?"), data_help=True, hidden=True),
    )


def top(report):
    good = report["agrees"]
    rule = not good and report["findings"][0]["what"] == "rule"  # in which both engines run the script's own
    mark, words = ("✓", "The engines agree") if good else ("✗", "A rule is wrong" if rule else "The engines differ")
    return fragment(
        element("h1", element("span", mark, aria_hidden="true"), " ", words, class_="good" if good else "bad"),
        element("p", report["verdict"], class_="verdict"),
    )


# ---------------------------------------------------------------------- the run


def training(packed):
    """Loss, κ and drift over the steps, one axis under another."""
    axis = Axis("step", 0, packed.steps[-1]["step"])
    charts = [losses(packed, axis), spreads(packed, axis), drifts(packed, axis)]
    return section("The run", *(charts if any(charts) else ["The script took no step of training."]), id="run-section")


def losses(packed, axis):
    known = [x for x in (*packed.ours, *packed.torch) if x is not None]
    if not known:
        return None
    steps = packed.data["steps"]
    finite = [x for x in known if isfinite(x)]
    log = bool(finite) and min(finite) > 0 and max(finite) > 1000 * min(finite)
    curves = lines(axis, [Series("broad", steps, packed.torch), Series("series-2", steps, packed.ours)], log=log)
    last = lambda y: next((x for x in reversed(y) if x is not None), None)
    apart = lines(axis, [Series("ink", steps, packed.delta)], zero=True, low=True)
    name = fragment("loss", legend(torch="broad", ours="series-2"))
    rows = [
        Row(name, curves, [element("div", number(last(y), 7)) for y in (packed.torch, packed.ours)], "loss"),
        Row("|Δ loss|", apart, aligned(last(packed.delta)), "delta"),
    ]
    caption = "The loss, each engine running free" + (", on a logarithmic scale" if log else "")
    return chart(caption, rows, axis, end="at the end")


def spreads(packed, axis):
    caption = fragment(
        "κ of each parameter’s gradient: how many times what rounding explains, from the same numbers. ", shades(SPREAD)
    )
    return strips(packed, axis, "kappa", SPREAD, caption)


def drifts(packed, axis):
    caption = fragment("How far each parameter drifts from torch’s, running free. ", shades(DRIFT))
    return strips(packed, axis, "drift", DRIFT, caption)


def strips(packed, axis, what, scale, caption):
    rows = [
        Row(element("bdi", short(name)), strip(axis, packed.edges, values, scale), ending(values, scale), f"{what}-{i}")
        for i, (name, values) in enumerate(packed.rows[what].items())
        if any(x is not None for x in values)
    ]
    hidden = packed.parameters - len(packed.rows[what])
    note = f"{hidden} more parameters, whose κ is smaller, are in the JSON report." if hidden else None
    return [chart(caption, rows, axis, end="worst"), note and element("p", note, class_="note")] if rows else None


def ending(values, scale):
    known = [x for x in values if x is not None]
    worst = next((x for x in known if x != x), None) or max(known)
    bad = scale.level(worst) in ("beyond", "nan")
    return element("strong", aligned(worst), class_="bad") if bad else aligned(worst)


# ---------------------------------------------------------------------- one step


def step_by_step(packed):
    """The frame that page.js fills with the calls of the chosen step."""
    tabled, (with_calls, steps) = packed.tabled, packed.tabled_of
    few = f"This page has the calls of {tabled} of {steps} steps" if tabled < steps else None
    why = few and f"{few}; the JSON report has those of {with_calls}." if tabled < with_calls else few and f"{few}."
    controls = element(
        "nav",
        element("button", "← previous", id="previous", type="button"),
        element("label", "step ", element("input", type="number", id="step", min=1, inputmode="numeric")),
        element("button", "next →", id="next", type="button"),
        element("button", "first that differs", id="first", type="button", disabled=not packed.differ),
        aria_label="Steps",
    )
    head = ["call", "line", "op", "shape", "dtype", "|Δ| out", "κ out", "|Δ| grad", "κ grad", "verdict"]
    numeric = ["call", *head[5:9]]
    return section(
        "Step by step",
        element("noscript", element("p", "The tables of the steps are filled in by JavaScript, which is off.")),
        controls,
        element("p", id="summary", role="status"),
        table(head, [], caption="Each call of the step; choose one for its line", numeric=numeric, id="calls"),
        element("p", why, class_="note") if why else None,
        id="steps",
    )


# ---------------------------------------------------------------------- what it is about


def about(report, packed):
    """What was compared, with what."""
    printed = report.get("printed") or {}
    compared = ", ".join(f"{n:,} {what}".replace(",", "\u2009") for what, n in report["compared"].items())
    rows = [
        ("compared", compared),
        ("steps", f"{len(report['steps']):,}".replace(",", "\u2009")),
        ("printed", said(printed)),
        ("ended with", report["error"]) if report.get("error") else None,
        ("versions", ", ".join(f"{name} {version}" for name, version in report["versions"].items())),
        ("arguments", element("code", " ".join(map(str, report["arguments"])))) if report["arguments"] else None,
        ("took", ", ".join(f"{seconds:.1f} s {VIEWS.get(view, view)}" for view, seconds in report["seconds"].items())),
    ]
    return section("What was compared", facts(filter(None, rows)), id="about")


def said(printed):
    """Whether the script printed the same in both engines."""
    if not printed.get("first"):
        return "the same in both engines"
    line, ours, torch = printed["first"]
    shown = [facts([(name, element("samp", short(text)))]) for name, text in (("ours", ours), ("torch", torch))]
    return fragment(word(False), f" first in line {line}", shown)
