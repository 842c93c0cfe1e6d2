"""What a script needs of torch that is not here, found by reading it: python -m tinygrad_edu --check train.py.

Python's own parser gives the script as a tree. Names that stand for torch's modules (`import torch.nn as nn`) are
followed to what is asked of them (`nn.Lienar`), which is then looked for here. Nothing of the script is run, so that
what it builds with `getattr`, or does with a tensor that it got from elsewhere, stays unseen.
"""

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .names import nearest
from .swap import as_torch, found
from .tensor import Tensor

# Methods of torch's tensors that are not here, without those that other things have, too (`values`, `index`, `name` ...).
METHODS = """
    apply_ as_strided_scatter as_subclass bfloat16 cdouble cfloat chalf cholesky cholesky_inverse cholesky_solve
    const_data_ptr dense_dim dequantize fill_diagonal_ gcd_ geqrf igamma igamma_ igammac igammac_ index_reduce
    index_reduce_ is_coalesced isreal istft lcm_ lu_solve map_ map2_ matrix_exp mvlgamma mvlgamma_ narrow_copy
    nonzero_static orgqr ormqr pinverse record_stream renorm renorm_ resize_ resize_as resize_as_ set_ share_memory_
    slice_inverse sparse_dim sparse_mask stft sum_to_size to_dense to_mkldnn to_sparse to_sparse_bsc to_sparse_bsr
    to_sparse_coo to_sparse_csc to_sparse_csr triangular_solve unsafe_chunk unsafe_split untyped_storage
"""
EVERYWHERE = {"out", "axis", "keepdims", "inplace"}  # what any function takes, though its signature does not say so


class Finding(NamedTuple):
    line: int
    what: str
    why: str


class Survey(ast.NodeVisitor):
    """The walk through one script: which of its names are torch's, and what is missing of what it asks of them."""

    def __init__(self, tree: ast.AST) -> None:
        self.known: dict[str, str] = {}  # a name in the script -> what it stands for: "nn" -> "torch.nn"
        self.asked: set[str] = set()
        self.findings: list[Finding] = []
        self.visit(tree)

    def missing(self, line: int, what: str, why: str) -> None:
        self.findings.append(Finding(line, what, why))

    # ---------------------------------------------------------------- what names stand for

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if is_torch(alias.name):
                self.known[alias.asname or "torch"] = alias.name if alias.asname else "torch"
                self.ask(alias.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level or not is_torch(node.module or ""):
            return
        for alias in node.names:
            name = f"{node.module}.{alias.name}"
            if alias.name == "*":
                self.ask(str(node.module), node.lineno)
                self.known.update({n: f"{node.module}.{n}" for n in public(look(str(node.module))[0])})
            elif self.ask(name, node.lineno):
                self.known[alias.asname or alias.name] = name

    def visit_Assign(self, node: ast.Assign) -> None:
        """`F = torch.nn.functional` is an import, too."""
        self.generic_visit(node)
        name = self.dotted(node.value)
        if name and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            self.known[node.targets[0].id] = name

    def dotted(self, node: ast.AST) -> str | None:
        """`torch.nn.Linear` where the script says nn.Linear; None where it speaks of something else."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        if isinstance(node, ast.Attribute):
            within = self.dotted(node.value)
            return within and f"{within}.{node.attr}"
        return None

    # ---------------------------------------------------------------- what is asked of them

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if name := self.dotted(node):
            self.ask(name, node.end_lineno or node.lineno)
            return
        if node.attr in METHODS.split() and not hasattr(Tensor, node.attr):
            self.missing(node.end_lineno or node.lineno, f".{node.attr}", "tensors have no such method here")
        self.generic_visit(node)

    def ask(self, name: str, line: int) -> bool:
        self.asked.add(name)
        thing, lacking = look(name)
        if lacking:
            self.missing(line, lacking, nearest(lacking.rpartition(".")[2], public(thing)).removeprefix("; "))
        return not lacking

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        name = self.dotted(node.func)
        function, lacking = look(name) if name else (None, None)
        if function is None or lacking or (taken := parameters(function)) is None:
            return
        for keyword in node.keywords:
            if keyword.arg and keyword.arg not in EVERYWHERE.union(taken):
                near = nearest(keyword.arg, taken).removeprefix("; ")
                self.missing(keyword.value.lineno, f"{name}({keyword.arg}=)", near or "no such argument")

    # ---------------------------------------------------------------- what need not be here

    def visit_Try(self, node: ast.Try) -> None:
        """What a script tries, and does without where it fails, is not missing."""
        before = len(self.findings)
        for step in node.body:
            self.visit(step)
        if any(catches_absence(handler) for handler in node.handlers):
            del self.findings[before:]
        for part in [*node.handlers, *node.orelse, *node.finalbody]:
            self.visit(part)

    def visit_If(self, node: ast.If) -> None:
        """Nor is what it does only `if torch.cuda.is_available()`."""
        self.visit(node.test)
        asked = self.dotted(node.test.func) if isinstance(node.test, ast.Call) else None
        if not (asked and asked.endswith(".is_available")):
            for part in node.body:
                self.visit(part)
        for part in node.orelse:
            self.visit(part)


def is_torch(name: str) -> bool:
    return name.partition(".")[0] == "torch"


def catches_absence(handler: ast.ExceptHandler) -> bool:
    names = {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)} if handler.type else {"Exception"}
    return bool(names & {"ImportError", "ModuleNotFoundError", "AttributeError", "Exception", "BaseException"})


def look(name: str) -> tuple[Any, str | None]:
    """What torch's name stands for here, and None; or the last part of it that is here, and the first that is not."""
    thing, walked = found(""), "torch"
    for part in name.split(".")[1:]:
        try:
            thing = getattr(thing, part) if hasattr(thing, part) else found(f"{walked}.{part}".partition(".")[2])
        except ModuleNotFoundError:
            return thing, f"{walked}.{part}"
        walked += f".{part}"
    return thing, None


def public(thing: Any) -> list[str]:
    return [name for name in dir(thing) if name[0] != "_"]


def parameters(function: Any) -> list[str] | None:
    """The names of the arguments that it takes; None if it takes any."""
    try:
        given = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_KEYWORD for p in given.values()):
        return None
    return [*given]


# ------------------------------------------------------------------ the report


def report(scripts: list[str]) -> int:
    """Say what each script needs that is not here. The exit status: 0 nothing, 1 something, 2 a script is unreadable."""
    status = 0
    with as_torch():
        for script in scripts:
            try:
                survey = Survey(ast.parse(Path(script).read_bytes(), script))
            except (OSError, SyntaxError, ValueError) as error:
                print(f"{script}: {error}", file=sys.stderr)
                status = 2
            else:
                print(*lines(script, survey), sep="\n")
                status = max(status, bool(survey.findings))
    return status


def lines(script: str, survey: Survey) -> Iterator[str]:
    findings = sorted(set(survey.findings))
    if not survey.asked:
        yield f"{script}: it does not import torch"
    elif not findings:
        yield f"{script}: all {len(survey.asked)} of torch's names are here"
    else:
        one = len(findings) == 1
        yield f"{script}: {len(findings)} of the things that it asks of torch {'is' if one else 'are'} not here"
        width = max(len(f.what) for f in findings)
        for f in findings:
            yield f"  line {f.line:<4} {f.what.ljust(width)}  {f.why}".rstrip()
