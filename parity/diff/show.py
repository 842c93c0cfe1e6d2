"""What people read in the terminal: the verdict, and the first finding with all that there is to know about it."""

from contextlib import contextmanager

from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from .runner import VIEWS

WIDTH = 120  # a line is better broken by the terminal than cut off
FEW = 10  # findings, of those after the first


@contextmanager
def progress(console):
    """A line for each view. Nobody knows how long a script is."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:6}"),
        TextColumn("{task.fields[seen]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as lines:
        tasks = {view: lines.add_task(view, total=None, start=False, seen="") for view in VIEWS}

        def watch(view, step, loss):
            lines.start_task(tasks[view])
            said = "" if loss[1] is None else f"  loss {loss[1]:.6f}"
            lines.update(tasks[view], seen=f"step {step:5}{said}")

        yield watch


def show(report, console):
    console.width = max(console.width, WIDTH)
    versions = report["versions"]
    say = lambda text="", **style: console.print(text, highlight=False, soft_wrap=True, **style)
    say(
        f"{' '.join([report['script'], *report['arguments']])}: tinygrad_edu {versions['tinygrad_edu']} beside torch {versions['torch']},"
        f" {report['seconds']['local']:.1f} s call by call, {report['seconds']['free']:.1f} s running free\n",
        markup=False,
    )
    for finding in report["findings"][:1]:
        console.print(card(finding))
        say()
        for cause in finding["causes"]:
            say(f"[bold]Why?[/] {escape(cause)}")
    if len(report["findings"]) > 1:
        say(f"\n[bold]After that[/], {len(report['findings']) - 1} more:")
        console.print(others(report["findings"][1 : FEW + 1]))
    for line in training(report):
        say(line, markup=False)
    say()
    say(report["verdict"], style="bold green" if report["agrees"] else "bold red", markup=False)


def card(finding):
    """All that is known of one finding, a line each."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    rule = finding["what"] == "rule"
    rows = {
        "what": f"{finding['what']} of {finding['op']}" + (f", {finding['tensor']}" if finding["tensor"] else ""),
        "line": f"{finding['line']}   {finding['source']}" if finding["line"] else "",
        "when": f"step {finding['step']}" + (f", call {finding['call']}" if finding["call"] else ""),
        "shape": f"{finding['shape']} {finding['dtype']}" if finding["dtype"] else "",
        "worst entry": str(finding["index"]) if finding["index"] else "",
        "backward" if rule else "ours": "" if finding["ours"] is None else repr(finding["ours"]),
        "derivative" if rule else "torch": "" if finding["torch"] is None else repr(finding["torch"]),
        "|Δ|": differing(finding) if finding["torch"] is not None else "",
        "because": finding["why"],
        "both saw": "\n".join(map(seen, finding["inputs"])),
        "how often": f"{finding['times']} times" if finding["times"] > 1 else "",
    }
    for name, text in rows.items():
        if text:
            table.add_row(name, escape(text))
    return table


def differing(finding):
    kappa = "" if finding["kappa"] is None else f", κ = {finding['kappa']:.3g}"
    ulp = f" ({finding['ulp']} ULP{kappa})" if finding["ulp"] or kappa else ""
    return f"{finding['delta']:.3g}{ulp}"


def seen(item):
    numbers = ", ".join(f"{x:.6g}" if isinstance(x, float) else str(x) for x in item["sample"])
    shape = f" {item['shape']} {item['dtype']}" if item["dtype"] else ""
    return f"{item['name']}{shape}" + (f": {numbers}" if numbers else "")


def others(findings):
    """The later findings, a line each."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("step", "op", "line", "what", "|Δ|", "κ", "times"):
        table.add_column(column, justify="right" if column in ("step", "|Δ|", "κ", "times") else "left", no_wrap=True)
    for f in findings:
        kappa = "" if f["kappa"] is None else f"{f['kappa']:.3g}"
        cells = (f["op"], f["line"], f"{f['what']}, {f['tensor']}" if f["tensor"] else f["what"])
        table.add_row(str(f["step"]), *map(escape, cells), f"{f['delta']:.3g}", kappa, str(f["times"]))
    return table


def training(report):
    """What it did to training, where there was any."""
    losses = [step["loss"] for step in report["steps"] if None not in step["loss"]]
    if losses:
        (ours, torch), drift = losses[-1], [max(step["drift"].values(), default=0.0) for step in report["steps"]]
        yield (
            f"Running free, after step {len(losses)} the loss is {ours:.8g}, torch's {torch:.8g};"
            f" parameters drift apart by {max(drift):.2g} at most."
        )
    if report["printed"]["first"]:
        number, ours, torch = report["printed"]["first"]
        yield f"What they print differs first in line {number}: ours {ours!r}, torch {torch!r}."
