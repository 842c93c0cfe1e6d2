"""What people and programs read of a hunt: who caught each mutant, how soon, and by what."""

import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from .hunt import JUDGES


@contextmanager
def progress(console, total):
    """A bar, with the name of the mutant that was judged last."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("the code as it is", total=total)
        yield lambda mutant: bars.update(task, advance=1, description=mutant.name)


def show(found, console):
    """The table, chapter by chapter; below it the totals, and who survived."""
    lines = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    lines.add_column("mutant", ratio=1)
    for judge in JUDGES:
        lines.add_column(judge, max_width=11, no_wrap=True)
    chapter = None
    for mutant, catches in found.items():
        if mutant.chapter != chapter:
            chapter = mutant.chapter
            lines.add_row(Text(chapter, "bold cyan"))
        style = "" if caught(catches) else "bold red"
        lines.add_row(Text(f"{mutant.name}\n", style).append(mutant.wrong, "dim"), *(cell(catches[j]) for j in JUDGES))
    console.print(lines)
    console.print(totals(found))


def cell(catch):
    return Text("–", "dim") if catch is None else Text(f"{catch.seconds:.1f} s\n").append(catch.what, "dim")


def caught(catches):
    return any(catches.values())


def totals(found):
    """One line of counts, and one more if any mutant survives."""
    by_judge = Counter(judge for catches in found.values() for judge, catch in catches.items() if catch)
    survivors = [mutant.name for mutant, catches in found.items() if not caught(catches)]
    counts = ", ".join(f"{judge} {by_judge[judge]}" for judge in JUDGES)
    lines = Text(f"\n{len(found) - len(survivors)} of {len(found)} caught: {counts}.", "bold")
    return lines.append(f"\nNobody caught: {', '.join(survivors)}.", "bold red") if survivors else lines


def show_evidence(found, console):
    """All that the judges said of each mutant."""
    for mutant, catches in found.items():
        console.print(Text(f"\n{mutant.name}", "bold"), Text(f"certain because {mutant.certain}", "dim"))
        for judge, catch in catches.items():
            console.print(Text(f"  {judge:8}  {catch.evidence if catch else '–'}"), soft_wrap=True)


def write_json(found, path):
    facts = [
        asdict(mutant) | {"caught": {j: c and asdict(c) for j, c in catches.items()}}
        for mutant, catches in found.items()
    ]
    path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
