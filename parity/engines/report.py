"""What people and programs read of an engine: the table, the first failure with its likely cause, and JSON."""

import json

import tinygrad_edu

from ..report import row_as_json, table, verdict


def show(report, console):
    """The whole report: who was judged, a table for each dtype, and the verdict."""
    console.print(title(report), highlight=False, soft_wrap=True)
    console.print(f"Parameters: {', '.join(map(str, report.pairs))}", end="\n\n", highlight=False, soft_wrap=True)
    for run in report.runs:
        console.rule(f"[bold]{run.dtype}", align="left", style="dim")
        console.print(table(run), end="\n\n")
    console.print(
        verdict(report),
        style="bold green" if report.agrees else "bold red",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    for cause in report.finding.causes if report.finding else []:
        console.print(f"Likely cause: {cause}.", markup=False, highlight=False, soft_wrap=True)


def title(report):
    return f"{report.engine} beside torch {report.torch_version}, judged by tinygrad_edu {tinygrad_edu.__version__}"


def write_json(report, path):
    """Everything in the report, for programs: every tensor has its row."""
    found = {
        "engine": report.engine,
        "agrees": report.agrees,
        "verdict": verdict(report),
        "versions": {"tinygrad_edu": tinygrad_edu.__version__, "torch": report.torch_version},
        "parameters": [str(pair) for pair in report.pairs],
        "findings": [run.finding.as_json() for run in report.runs if run.finding],
        "runs": [
            {
                "dtype": run.dtype,
                "comparisons": {
                    ledger.name: [row_as_json(row) for row in ledger.rows.values()] for ledger in run.ledgers
                },
            }
            for run in report.runs
        ],
    }
    path.write_text(json.dumps(found, indent=1) + "\n")
