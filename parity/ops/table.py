"""What people and programs read of a walk: a line for each operator or module, the samples that fail, the totals; JSON."""

import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from tinygrad_edu.testing.judge import ALGEBRA

from .compare import LOOSER
from .found import ENOUGH, MISSING, PASS, REFUSED, STAGES, WRONG, agrees, asked, rates

STYLES = {PASS: "", "miss": "yellow", MISSING: "magenta", WRONG: "bold red", "excluded": "dim"}
WIDTH = 130  # a line is better broken by the terminal than cut off


@contextmanager
def progress(console, total):
    """A bar, with what was walked last; nothing where nobody watches."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("", total=total)
        yield lambda key: bars.update(task, advance=1, description=key)


def show(rows, console, verbose=False, what="operator"):
    """The table; if `verbose`, each sample that fails; the totals."""
    console.width = max(console.width, WIDTH)
    console.print(lines(rows, what))
    if verbose:
        for row in rows:
            show_findings(row, console)
    console.print(totals(rows, what), highlight=False, soft_wrap=True)


# ------------------------------------------------------------------ one by one


def lines(rows, what):
    """For each row how many samples pass everything, how many each stage passes, the worst ULP, and the verdict."""
    dtypes = list(dict.fromkeys(dtype for row in rows for dtype, _ in row.samples))
    stages = [stage for stage in STAGES if asked(rows, stage).total()]
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(what, no_wrap=True)
    for column in (*dtypes, *stages, "ULP"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for row in rows:
        samples = [(row.samples[dtype, True], row.samples[dtype, True] + row.samples[dtype, False]) for dtype in dtypes]
        cells = [f"{passed}/{total}" if total else "" for passed, total in samples]
        cells += [cell(asked([row], stage)) for stage in stages]
        table.add_row(row.key, *cells, str(row.ulp or ""), row.verdict, style=STYLES[row.verdict])
    return table


def cell(found):
    """A tick if all pass; "once" if all that do not are refused, since the rule can be differentiated once only."""
    passed, total = found[PASS] + found[REFUSED], found.total()
    if passed < total:
        return f"{passed}/{total}"
    return "" if not total else "once" if found[REFUSED] else "✓"


def show_findings(row, console):
    """Each sample that failed: its arguments, what was found, and where an exception of ours came from."""
    if row.missing:
        console.print(Text(f"\n{row.key}: {row.missing}", STYLES[MISSING]), soft_wrap=True)
        return
    if row.findings or row.unasked:
        console.print(Text(f"\n{row.key}", "bold"))
    for (stage, why), n in row.unasked.items():
        console.print(Text(f"  {stage}: not asked {n} times: {why}", "dim"), soft_wrap=True)
    for found in row.findings:
        head = " ".join(filter(None, (found.stage, found.dtype, f"#{found.index}", found.verdict)))
        text = Text(f"  {head}", STYLES.get(found.verdict, "yellow")).append(f"  ({found.sample})\n", "dim")
        text.append(f"    {found.told}" + f"\n    {found.where}" * bool(found.where), "default")
        console.print(text, soft_wrap=True)


# ------------------------------------------------------------------ all of them


def totals(rows, what):
    """What is here; how much of each stage passes; what is refused, wrong, missing, excluded; and the looser bounds."""
    verdicts = Counter(row.verdict for row in rows)
    walked = len(rows) - verdicts["excluded"]
    samples = sum(row.samples.total() for row in rows)
    text = Text(f"\n{walked - verdicts[MISSING]} of {walked} {what}s are here", "bold")
    text.append(f", {verdicts[PASS]} of them without a miss; {samples} samples.\n")
    for what, (passed, total) in rates(rows).items():
        style = "" if passed >= ENOUGH * total else "yellow"
        text.append(f"  {what:18}{passed:6} of {total:<6}{passed / total:8.2%}\n", style)
    if refused := asked(rows, "second")[REFUSED]:
        text.append(f"{refused} second derivatives are refused, not computed: an exception says so.\n")
    for verdict in (WRONG, MISSING, "excluded"):
        if named := [row.key for row in rows if row.verdict == verdict]:
            text.append(f"{verdict} ({len(named)}): {', '.join(named)}\n", STYLES[verdict])
    for (key, stage), (bound, reason) in LOOSER.items():
        if key in [row.key for row in rows]:
            text.append(f"{key}, {stage}: off by at most {bound:g} of the scale, not {ALGEBRA:g}: {reason}.\n")
    return text


def write_json(rows, path, what="operator"):
    """Everything: the totals, and every operator with every miss."""
    write(path, {"agrees": agrees(rows), "rates": rates(rows), f"{what}s": [facts(row) for row in rows]})


def facts(row):
    """A row as JSON has it."""
    return asdict(row) | {
        "verdict": row.verdict,
        "counts": [{"stage": s, "dtype": d, "verdict": v, "count": n} for (s, d, v), n in row.counts.items()],
        "unasked": [{"stage": stage, "why": why, "count": n} for (stage, why), n in row.unasked.items()],
        "samples": [{"dtype": d, "passed": passed, "count": n} for (d, passed), n in row.samples.items()],
    }


def write(path, found):
    path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
