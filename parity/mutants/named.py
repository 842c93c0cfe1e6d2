"""Does parity diff name the bug? The command, python -m parity.mutants.named.

Each mutant is planted in a copy of the code, and parity diff is run there on the script of its chapter (scripts/): the first
finding must be of the op, or the optimizer, that the mutant is in, and where the guesser of causes has a suspect, it must
name that. On the code as it is no script may lead to a finding."""

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from .. import environment
from ..arguments import file
from .catalogue import Misplaced, catalogue
from .hunt import ROOT, Unfit, copy

NEEDED = ("tinygrad_edu", "parity")
SCRIPTS = {chapter: chapter for chapter in ("engine", "rules", "losses", "layers", "optimizers", "streams")}
SCRIPTS |= {"data": "streams"}  # (mutants of "functions" are for scripts with Functions of their own)
PATIENCE = 300  # seconds for a script, which takes five


@dataclass(frozen=True)
class Named:
    """What parity diff said first: of which op, what of it, where, and why it thinks so. `op` is empty if it found nothing."""

    op: str = ""
    what: str = ""
    tensor: str = ""
    line: str = ""
    step: int = 0
    causes: list[str] = field(default_factory=list)
    suspects: list[str] = field(default_factory=list)

    def right(self, mutant):
        """Whether it is the op that the mutant is in; None where the catalogue names none."""
        return self.op in mutant.named.split() if mutant.named else None

    def knows(self, mutant):
        """Whether it is the mutant's cause; None where nobody is suspected of such a thing."""
        return mutant.cause in self.suspects if mutant.cause else None


def look(tree, chapter):
    """What parity diff of this tree says of the chapter's script (look.py)."""
    script = tree / "parity" / "mutants" / "scripts" / f"{SCRIPTS[chapter]}.py"
    command = [sys.executable, "-m", "parity.mutants.look", script]
    surroundings = os.environ | {"PYTHONPATH": str(tree)}
    try:
        ended = subprocess.run(command, cwd=tree, env=surroundings, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return Named("parity diff", "comes to no end")
    if ended.returncode:
        return Named("parity diff", (ended.stderr.strip() or "ended without a word").splitlines()[-1])
    return Named(**json.loads(ended.stdout))


def name(mutants, jobs=2):
    """(mutant, what was Named) as they are done, `jobs` at a time.

    Raises Misplaced where a mutant's text is not found once, and Unfit where there is a finding without any mutant."""
    with TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        clean = Path(folder)
        copy(ROOT, clean, NEEDED)
        for mutant in mutants:
            mutant.place(clean)
        chapters = {SCRIPTS[mutant.chapter]: mutant.chapter for mutant in mutants}
        for script, said in zip(chapters, pool.map(lambda chapter: look(clean, chapter), chapters.values())):
            if said != Named():
                raise Unfit(
                    f"{script}.py leads to a finding in the code as it is: {said.op}, {said.what} {said.tensor}, {said.line}"
                )
        trials = {pool.submit(trial, clean, mutant): mutant for mutant in mutants}
        try:
            for done in as_completed(trials):
                yield trials[done], done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def trial(clean, mutant):
    """Plant the mutant in a tree of its own, and look there."""
    with TemporaryDirectory() as folder:
        tree = Path(folder)
        copy(clean, tree, NEEDED)
        mutant.plant(tree)
        return look(tree, mutant.chapter)


# ------------------------------------------------------------------ what people and programs read


def show(found, console):
    """The table, chapter by chapter; below it the totals."""
    from rich.table import Table
    from rich.text import Text

    lines = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for column, ratio in (("mutant", 3), ("named first", 3), ("", None), ("cause", 5), ("", None)):
        lines.add_column(column, ratio=ratio)
    chapter = None
    for mutant, said in found.items():
        if mutant.chapter != chapter:
            chapter = mutant.chapter
            lines.add_row(Text(chapter, "bold cyan"))
        what = f"{said.what} {said.tensor}".strip()
        place = f"{what}, {said.line}, step {said.step}" if said.line else what
        named = Text(f"{said.op}\n").append(place, "dim") if said.op else Text("–", "dim")
        cause = Text(f"{', '.join(said.suspects) or '–'}\n").append(said.causes[0] if said.causes else "", "dim")
        marks = (mark(said.right(mutant)), mark(said.knows(mutant)))
        lines.add_row(Text(f"{mutant.name}\n").append(mutant.wrong, "dim"), named, marks[0], cause, marks[1])
    console.print(lines)
    for line in totals(found):
        console.print(line, highlight=False)


def mark(right):
    return {True: "[green]right[/]", False: "[bold red]WRONG[/]", None: ""}[right]


def totals(found):
    """A line for each chapter, and one for all: of how many the op was named, and of how many the cause."""
    groups = defaultdict(dict)
    for mutant, said in found.items():
        groups[mutant.chapter][mutant] = said
    for chapter, some in [*groups.items(), ("all", found)]:
        ops, causes = (
            [answer for mutant, said in some.items() if (answer := asked(said, mutant)) is not None]
            for asked in (Named.right, Named.knows)
        )
        yield (
            f"{chapter:10} {sum(ops):3} of {len(ops):3} named rightly; {sum(causes):3} of {len(causes):3} causes;"
            f" {sum(bool(said.op) for said in some.values()):3} of {len(some):3} noticed"
        )


def write_json(found, path):
    facts = [
        asdict(mutant) | {"said": asdict(said), "right": said.right(mutant), "knows": said.knows(mutant)}
        for mutant, said in found.items()
    ]
    path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def parser():
    parser = argparse.ArgumentParser(
        prog="python -m parity.mutants.named",
        description="Plant each bug of the catalogue in a copy of the code, and see whether parity diff names it there.",
        epilog="Exit status: 0 every op is named rightly, 1 one is not, 2 nothing can be judged.",
    )
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help="only these: mutants, or chapters")
    add("--jobs", type=int, default=2, metavar="N", help="so many at a time (default: 2)")
    add("--json", type=file(".json"), metavar="FILE", help="write all that was said here")
    return parser


def main(argv=None):
    arguments = parser().parse_args(argv)
    try:
        for module in ("rich", "torch"):
            environment.load(module, "parity")
        return looked(arguments)
    except (environment.Missing, Misplaced, Unfit) as error:
        print(f"python -m parity.mutants.named: {error}", file=sys.stderr)
        return 2


def looked(arguments):
    """Look, show, and say with the exit status whether one was named wrongly."""
    from rich.console import Console

    from .table import progress

    console, mutants = Console(), chosen(arguments.names)
    found = dict.fromkeys(mutants)
    with progress(console, len(mutants)) as done:
        for mutant, said in name(mutants, arguments.jobs):
            found[mutant] = said
            done(mutant)
    show(found, console)
    if arguments.json:
        write_json(found, arguments.json)
    return 1 if any(said.right(mutant) is False for mutant, said in found.items()) else 0


def chosen(names):
    """The mutants of these names and chapters that there is a script for; all of them, if none is named."""
    chapters = {name for name in names if name in SCRIPTS}
    every = [mutant for mutant in catalogue() if mutant.chapter in SCRIPTS]
    if unknown := set(names) - chapters - {mutant.name for mutant in every}:
        raise Misplaced(f"there is no mutant or chapter {unknown.pop()!r} with a script")
    return [m for m in every if not names or m.name in names or m.chapter in chapters]


if __name__ == "__main__":
    sys.exit(main())
