"""What people and programs read of a walk: a line for each optimizer, the sets of options that fail, the totals; JSON."""

from collections import Counter

from rich.table import Table
from rich.text import Text

from tinygrad_edu.testing.judge import UPDATE

from ..ops.found import MISSING, PASS, WRONG, asked
from ..ops.table import STYLES, WIDTH, cell, facts, show_findings, write
from .walk import CLOSURES, STAGES, agrees


def show(rows, console, verbose=False):
    """The table; if `verbose`, each set of options that fails; the totals."""
    console.width = max(console.width, WIDTH)
    console.print(lines(rows))
    if verbose:
        for row in rows:
            show_findings(row, console)
    console.print(totals(rows), highlight=False, soft_wrap=True)


def lines(rows):
    """For each optimizer how many sets of options pass everything, how many each stage passes, what is used up, the drift."""
    dtypes = list(dict.fromkeys(dtype for row in rows for dtype, _ in row.samples))
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("optimizer", no_wrap=True)
    for column in (*dtypes, *STAGES, *(f"{what} {dtype}" for what in ("used", "drift") for dtype in dtypes)):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for row in rows:
        sets = [(row.samples[dtype, True], row.samples[dtype, True] + row.samples[dtype, False]) for dtype in dtypes]
        cells = [f"{passed}/{total}" if total else "" for passed, total in sets]
        cells += [cell(asked([row], stage)) for stage in STAGES]
        cells += [
            f"{found[dtype]:.2g}" if dtype in found else "" for found in (row.used, row.drift) for dtype in dtypes
        ]
        table.add_row(row.key, *cells, row.verdict, style=STYLES[row.verdict])
    return table


def totals(rows):
    """What is here, how much of each stage passes, what is wrong, missing or excluded, and what the columns mean."""
    verdicts = Counter(row.verdict for row in rows)
    walked = len(rows) - verdicts["excluded"]
    sets = sum(row.samples.total() for row in rows)
    text = Text(f"\n{walked - verdicts[MISSING]} of {walked} optimizers are here", "bold")
    text.append(f", {verdicts[PASS]} of them without a miss; {sets} trainings.\n")
    for stage in STAGES:
        if total := (found := asked(rows, stage)).total():
            text.append(f"  {stage:18}{found[PASS]:6} of {total}\n", "" if found[PASS] == total else "yellow")
    for verdict in (WRONG, MISSING):
        if named := [row.key for row in rows if row.verdict == verdict]:
            text.append(f"{verdict} ({len(named)}): {', '.join(named)}\n", STYLES[verdict])
    for row in rows:
        if row.excluded:
            text.append(f"excluded: {row.key}: {row.excluded}\n", STYLES["excluded"])
    bounds = " and ".join(f"{bound:g} in {dtype}" for dtype, bound in CLOSURES.items())
    text.append(
        f"used: the worst update's share of {UPDATE} eps × the magnitudes of its terms; of L-BFGS, of {bounds}.\n"
    )
    text.append("drift: how far parameters of about 1 end apart when each engine trains by itself; not judged.\n")
    return text


def write_json(rows, path):
    """Everything: every optimizer with every miss."""
    write(path, {"agrees": agrees(rows), "optimizers": [facts(row) for row in rows]})
