"""The part of the page that shows a finding: the line, both numbers, what each was given; and the later findings, a line each."""

from math import isfinite

from tinygrad_edu.explain.html import aligned, element, facts, figure, fragment, number, section, table
from tinygrad_edu.testing.judge import KAPPA

from .digits import beside
from .pack import AROUND, line_number, shape, short

FINDINGS = 200  # of those after the first
VIEWS = {"local": "each op fed the reference’s numbers", "free": "both engines running free"}


def finding_card(report, finding):
    """The first finding, which is what is wrong; what comes later often only follows from it."""
    causes = finding.get("causes") or []
    return section(
        "The first that differs",
        listing(report, finding),
        element("div", values(finding), what(finding), class_="evidence"),
        [element("p", element("strong", "Why? "), cause, class_="cause") for cause in causes],
        inputs(finding) if finding.get("inputs") else None,
        class_="finding",
        id="finding",
    )


def listing(report, finding):
    """The line with its neighbours; of a line elsewhere, only itself."""
    n = line_number(report, finding.get("line"))
    if n is None:
        if not finding.get("source"):
            return None
        rows = [(str(finding["line"]).rpartition(":")[2], finding["source"], True)]
    else:
        source = report["source"]
        rows = [(i, source[i - 1], i == n) for i in range(max(n - AROUND, 1), min(n + AROUND, len(source)) + 1)]
    code = [
        element(
            "span",
            element("i", f"{'▸' if here else ' '} {i}"),
            f"{text.rstrip()[:240]}\n",
            class_="here" if here else None,
        )
        for i, text, here in rows
    ]
    return figure(
        element("code", short(finding["line"])), element("pre", element("code", code), class_="listing", tabindex=0)
    )


def values(finding):
    """Both numbers, digit under digit, and how far apart they are."""
    ours, torch = finding.get("ours"), finding.get("torch")
    names = ("backward", "derivative") if finding["what"] == "rule" else ("ours", "torch")
    limit = f"over {KAPPA}, which rounding does not reach" if over(finding) else f"rounding stays under {KAPPA}"
    kappa = finding.get("kappa")
    shown = [] if ours is None and torch is None else zip(names, beside(ours, torch, finding.get("dtype") or "float64"))
    rows = [
        *[(name, element("samp", text, class_="value")) for name, text in shown],
        ("|Δ|", element("samp", number(finding.get("delta")))),
        ("ULP", element("samp", f"{finding['ulp']:,}".replace(",", "\u2009"))) if finding.get("ulp") else None,
        ("κ", fragment(element("samp", number(kappa)), element("small", limit, class_="note")))
        if kappa is not None
        else None,
        ("because", finding["why"]) if finding.get("why") else None,
    ]
    return facts(filter(None, rows))


def over(finding):
    kappa = finding.get("kappa")
    return kappa is not None and not kappa <= KAPPA


def what(finding):
    """Which tensor of which call."""
    place = [f"step {finding['step']}" if finding.get("step") is not None else None]
    place.append(f"call {finding['call']}" if finding.get("call") else None)
    times = finding.get("times") or 1
    rows = [
        ("op", element("code", short(finding["op"]))),
        ("what", finding["what"]),
        ("tensor", element("code", short(finding["tensor"]))) if finding.get("tensor") else None,
        ("shape", f"{shape(finding['shape'])}, {finding['dtype']}") if finding.get("dtype") else None,
        ("worst entry", element("samp", str(list(finding["index"])))) if finding.get("index") else None,
        ("when", to_step(finding, ", ".join(filter(None, place)))),
        ("how often", f"{times:,} times".replace(",", "\u2009")) if times > 1 else None,
        ("seen with", VIEWS[finding["view"]]),
    ]
    return facts(filter(None, rows))


def to_step(finding, words):
    step, call = finding.get("step"), finding.get("call")
    return element("a", words, href=f"#step={step}" + (f"&call={call}" if call else "")) if step is not None else words


def inputs(finding):
    """What the op was given: when that agrees, the op itself is wrong."""
    rows = [
        (
            element("code", short(item["name"])),
            shape(item.get("shape")),
            item.get("dtype") or "–",
            element("samp", ", ".join(map(sampled, item.get("sample") or [])) or "–"),
            word(item.get("agrees", True)),
        )
        for item in finding["inputs"]
    ]
    head = ["input", "shape", "dtype", "begins with", "in both engines"]
    caption = "What both saw" if all(i.get("agrees", True) for i in finding["inputs"]) else "What each was given"
    return table(head, rows, caption=caption)


def sampled(x):
    return f"{x:.6g}".replace("-", "−", x < 0) if isinstance(x, float) and isfinite(x) else str(x)


def word(agrees):
    return "agree" if agrees else element("strong", "DIFFER", class_="bad")


def others(findings):
    """The later ones, a line each."""
    rows = [
        (
            to_step(f, number(f.get("step"), 9)),
            number(f.get("call"), 9),
            element("code", short(f.get("line") or "–")),
            element("code", short(f["op"])),
            f["what"] + (f", {short(f['tensor'])}" if f.get("tensor") else ""),
            aligned(f.get("delta")),
            aligned(f.get("kappa")),
            f.get("times") or 1,
            element("span", "; ".join(f.get("causes") or []), class_="words"),
        )
        for f in findings[:FINDINGS]
    ]
    head = ["step", "call", "line", "op", "what", "|Δ|", "κ", "times", "why"]
    more = f"; the first {FINDINGS} of {len(findings)}" if len(findings) > FINDINGS else ""
    return section(
        "What differs after that",
        table(
            head, rows, caption=f"Each op, line and tensor once{more}", numeric=["step", "call", "|Δ|", "κ", "times"]
        ),
        id="others",
    )
