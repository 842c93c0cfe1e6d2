"""A mutant is a bug in one line: a piece of the package's text, and what stands there instead (catalogue.toml)."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


class Misplaced(Exception):
    """A mutant's text does not stand in exactly one place; the message says where it does."""


@dataclass(frozen=True)
class Mutant:
    """`old` is the text that becomes `new`, `wrong` what is then wrong, `certain` why somebody must notice.

    `named` is the op that parity diff must name first, and `cause` the suspect that its guesser has for it, if any."""

    chapter: str
    name: str
    wrong: str
    old: str
    new: str
    certain: str
    named: str = ""
    cause: str = ""

    def place(self, tree):
        """The file of tinygrad_edu, in this tree, where `old` stands: exactly once, or it does not say what is meant."""
        found = [path for path in sorted((tree / "tinygrad_edu").rglob("*.py")) for _ in self.occurrences(path)]
        if len(found) != 1:
            where = f" ({', '.join(str(path.relative_to(tree)) for path in found)})" if found else ""
            raise Misplaced(
                f"mutant {self.name!r} must find its text once, and finds it {len(found)} times{where}: {self.old!r}."
                " Has the code changed? Renew `old` and `new` in catalogue.toml"
            )
        return found[0]

    def occurrences(self, path):
        return path.read_text(encoding="utf-8").split(self.old)[1:]

    def plant(self, tree):
        """Put the bug into this tree."""
        path = self.place(tree)
        path.write_text(path.read_text(encoding="utf-8").replace(self.old, self.new), encoding="utf-8")


def catalogue():
    """Every mutant, in the order of the catalogue."""
    chapters = tomllib.loads(Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8"))
    return [Mutant(chapter, name, **facts) for chapter, mutants in chapters.items() for name, facts in mutants.items()]
