"""What people and programs read: the progress, the table and the verdict; JSON."""

import json
import math
from contextlib import contextmanager
from dataclasses import asdict, replace

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import tinygrad_edu
from tinygrad_edu.testing.judge import Spread

COLUMNS = ("worst", "|Δ|", "step", "ULP", "step", "κ", "bound", "used", "verdict")


@contextmanager
def progress(console):
    """A bar for each pass. Nobody knows how long the first will be; the others should be as long."""
    columns = (TextColumn("{task.description:22}"), BarColumn(), TextColumn("{task.fields[seen]}"), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks = {}

        def watch(name, step, reference):
            if name not in tasks:
                for task in bars.tasks:
                    bars.update(task.id, total=task.completed)
                tasks[name] = bars.add_task(name, total=bars.tasks[0].completed if bars.tasks else None, seen="")
            bars.update(tasks[name], completed=step, seen=f"step {step:4}  loss {reference.case.losses[-1]:.6f}")

        yield watch
        for task in bars.tasks:
            bars.update(task.id, total=task.completed)


def show(report, console):
    """The whole report: what ran, a table for each dtype, and the verdict."""
    console.print(title(report), end="\n\n", soft_wrap=True)
    if report.departures:
        console.print(f"Weaker promise: {'; '.join(report.departures)}.", style="yellow", soft_wrap=True)
        console.print("Weights and batches are copied from torch, not compared; the algebra is judged.", end="\n\n")
    for run in report.runs:
        console.rule(f"[bold]{run.dtype}", align="left", style="dim")
        console.print(table(run))
        console.print(outcome(run), end="\n\n", highlight=False)
    console.print(verdict(report), style="bold green" if report.agrees else "bold red", highlight=False, soft_wrap=True)


def title(report):
    options = report.options
    return (
        f"tinygrad_edu {tinygrad_edu.__version__} beside torch {report.torch_version}: {options},"
        f" lr {options.lr:g}, seed {options.seed}"
    )


def table(run):
    """One line for each quantity: the worst of its tensors, the bound and how much of it was used, and the verdict."""
    lines = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for i, column in enumerate(COLUMNS):
        lines.add_column(column, justify="left" if i in (0, 6, 8) else "right", no_wrap=True)
    for ledger in run.ledgers:
        lines.add_row(ledger.name, style="bold")
        for quantity, rows in by_quantity(ledger).items():
            word, style = ("DISAGREE", "bold red") if any(row.failure for row in rows) else ("agree", None)
            word = "not judged" if rows[0].rule.words == "no bound" else word
            lines.add_row(f" {quantity}", *worst(rows), word, style=style)
    return lines


def by_quantity(ledger):
    found = {}
    for row in ledger.rows.values():
        found.setdefault(row.quantity, []).append(row)
    return found


def worst(rows):
    """The worst of several tensors' rows, as the table's cells."""
    delta, ulp, kappa = (
        max((getattr(row, what) for row in rows), key=lambda worst: worst.value) for what in ("delta", "ulp", "kappa")
    )
    used = max(row.used for row in rows)
    return (
        *cells(delta, "{:.1e}"),
        *cells(ulp, "{}" if ulp.value < 10**8 else "{:.1e}"),
        f"{kappa.value:.2g}" if isinstance(rows[0].rule, Spread) else "",
        rows[0].rule.words,
        "" if not used else f"{used:.1%}" if used <= 1 else "over",
    )


def cells(worst, form):
    return (form.format(worst.value), str(worst.step)) if worst.value else ("0", "")


def outcome(run):
    """How both trainings went, as a line for each."""
    lines = []
    for name, twin in (("torch", run.reference), ("ours", run.ours)):
        losses, score = twin.case.losses, twin.case.measure.words.format(twin.scores[-1])
        lines.append(
            f"{name:5}  {len(losses)} steps, loss {losses[0]:.8f} → {losses[-1]:.8f}, {score} on held-out data"
        )
    return "\n".join(lines)


def verdict(report):
    """One line: agreement, or the first number that differs."""
    if report.agrees:
        return "The engines agree."
    dtype, name, row = report.first_failure
    where = f"{dtype}, {name}, step {row.failed_step}, {row.quantity} ({row.tensor})"
    return f"The engines DISAGREE, first in {where}: {row.failure}."


def write_json(report, path):
    """Everything in the report, for programs: every tensor has its row."""
    runs = [
        {
            "dtype": run.dtype,
            "losses": {"ours": run.ours.case.losses, "torch": run.reference.case.losses},
            "scores": {"ours": run.ours.scores, "torch": run.reference.scores, "measure": run.ours.case.measure.name},
            "comparisons": {ledger.name: [row_as_json(row) for row in ledger.rows.values()] for ledger in run.ledgers},
        }
        for run in report.runs
    ]
    found = {
        "agrees": report.agrees,
        "verdict": verdict(report),
        "versions": {"tinygrad_edu": tinygrad_edu.__version__, "torch": report.torch_version},
        "departures": report.departures,
        "options": asdict(report.options) | {"dtype": [run.dtype for run in report.runs]},
        "runs": runs,
    }
    path.write_text(json.dumps(found, indent=1) + "\n")


def row_as_json(row):
    facts = asdict(replace(row, rule=None)) | {"rule": row.rule.words, "agrees": row.failure is None}
    return facts | {"used": row.used if math.isfinite(row.used) else None}  # JSON knows no infinity
