"""Write what is derived from the code: docs/ops.md and the stubs, which tell editors and type checkers what ops declare.

python docs/generate.py            writes them
python docs/generate.py --check    exits 1 if a file is not what it would write
"""

import inspect
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import tinygrad_edu as tg  # noqa: E402 (from this very tree, installed or not)
from tinygrad_edu import ops  # noqa: E402
from tinygrad_edu.forms import public  # noqa: E402
from tinygrad_edu.op import registry  # noqa: E402

# What an annotation says, by the parameter's name: the same names mean the same throughout the API.
KINDS = {
    "dim|start_dim|end_dim|dim0|dim1": "_int",
    "keepdim|keepdims|equal_nan|requires_grad|copy|non_blocking|replacement|training|inplace": "_bool",
    "dtype": "_dtype | None",
    "size|shape|dims": "_int | Sequence[_int]",
    "reduction": "_str",
    "alpha|beta|threshold|rtol|atol|label_smoothing|lambd|median|sigma": "_float",
    "ignore_index|steps|n|seed|low|num_samples": "_int",
    "tensors": "Sequence[Tensor]",
    "generator": "Generator | None",
}
KIND = {name: kind for names, kind in KINDS.items() for name in names.split("|")}
# (torch's names int, float and bool hide Python's own.)
HEAD = '''"""Generated from the registry by docs/generate.py: do not edit."""

from builtins import bool as _bool, float as _float, int as _int, str as _str
from collections.abc import Sequence
from typing import Any

'''


def annotated(p, op):
    """One parameter as a stub has it."""
    star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
    kind = KIND.get(p.name, "Any")
    if op is not None:
        names = {public(x): x for x in op.inputs}
        if p.name in names:
            kind = "Tensor | _float" if names[p.name] in op.promotes else "Tensor"
    if p.name == "dim" and (p.default is not p.empty):
        kind = "_int | Sequence[_int] | None"
    if p.default is None and "None" not in kind and kind != "Any":
        kind += " | None"
    default = "" if p.default is p.empty else " = ..."
    return f"{star}{p.name}: {kind}{default}"


def stub(name, function, indent="", method=False):
    """A function's signature with types."""
    op = getattr(inspect.unwrap(function), "op", None)
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:
        return f"{indent}def {name}(*args: Any, **kwargs: Any) -> Any: ...\n"
    parts, keyword_only = [], False
    for i, p in enumerate(parameters):
        if p.kind is p.KEYWORD_ONLY and not keyword_only and not any(q.kind is q.VAR_POSITIONAL for q in parameters):
            parts.append("*")
            keyword_only = True
        parts.append("self" if method and i == 0 else annotated(p, op))
    result = "Tensor" if op is not None or returns_tensor(name) else "Any"
    return f"{indent}def {name}({', '.join(parts)}) -> {result}: ...\n"


def returns_tensor(name):
    plain = name.strip("_")
    creation = [
        "tensor",
        "as_tensor",
        "from_numpy",
        "zeros",
        "ones",
        "empty",
        "full",
        "arange",
        "linspace",
        "eye",
        "rand",
        "randn",
        "randint",
        "randperm",
    ]
    draws = ["normal", "bernoulli", "multinomial"]
    dropouts = ["dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"]
    converts = [
        "float",
        "double",
        "half",
        "int",
        "long",
        "short",
        "bool",
        "to",
        "type_as",
        "add",
        "sub",
        "cat",
        "stack",
        "argmax",
        "argmin",
        "isclose",
        "all",
        "any",
    ]
    in_place = name.endswith("_") and not name.startswith("_")
    others = ["t", "view_as", "expand_as", "contiguous", "cross_entropy"]
    return plain in {*creation, *converts, *draws, *dropouts, *others} | {f"{c}_like" for c in creation} or (
        in_place or name.startswith("__i") or name in OPERATORS
    )


OPERATORS = {f"__{side}{op.operator}__" for op in registry.values() if op.operator for side in ("", "r", "i")} | {
    "__getitem__"
}


def methods_text():
    """The stub of the class that holds every method that a declaration makes."""
    text = HEAD + "from .dtype import dtype as _dtype\nfrom .generator import Generator\nfrom .tensor import Tensor\n\n"
    text += "class Methods:\n    @property\n    def mT(self) -> Tensor: ...\n    @property\n    def T(self) -> Tensor: ...\n"
    for name, value in sorted(vars(tg.Tensor).items()):
        if (
            inspect.isfunction(value)
            and value.__module__ != "tinygrad_edu.tensor"
            and name not in ("eq", "ne", "__eq__", "__ne__")
        ):
            text += stub(name, value, "    ", method=True)
    for name in ("eq", "ne"):
        text += f"    def {name}(self, other: Any) -> Tensor: ...\n"
        text += f"    def __{name}__(self, other: object) -> Tensor: ...  # type: ignore[override]\n"
    return text


def public_text():
    """The stub of the package itself: every name that it exports."""
    text = HEAD
    modules = [name for name in tg.__all__ if inspect.ismodule(getattr(tg, name))]
    text += "from . import " + ", ".join(f"{m} as {m}" for m in sorted(modules)) + "\n"
    classes = [(n, getattr(tg, n)) for n in tg.__all__ if inspect.isclass(getattr(tg, n))]
    for name, value in sorted(classes):
        text += f"from {value.__module__.replace('tinygrad_edu', '', 1)} import {name} as {name}\n"
    text += "from .dtype import dtype as _dtype\n\n__version__: _str\ndefault_generator: Generator\n"
    for name in tg.__all__:
        value = getattr(tg, name)
        if isinstance(value, tg.dtype):
            text += f"{name}: _dtype\n"
    for name in tg.__all__:
        if inspect.isfunction(getattr(tg, name)):
            text += stub(name, getattr(tg, name))
    return text


def functional_text():
    """The stub of nn.functional."""
    text = HEAD + "from ..dtype import dtype as _dtype\nfrom ..tensor import Tensor\n\n"
    return text + "".join(stub(name, getattr(tg.nn.functional, name)) for name in tg.nn.functional.__all__)


def ops_text():
    """The table of derivatives."""
    text = "# The table of derivatives\n\nGenerated by `python docs/generate.py` from the declarations; the rules are the source itself: x, y, w and b\nin them are torch's input, other, weight and bias.\n"
    for chapter in ops.__all__:
        module = getattr(ops, chapter)
        rows = [op for op in registry.values() if op.call.__module__ == module.__name__]
        if not rows:
            continue
        text += f"\n## {chapter}\n\n{inspect.getdoc(module)}\n\n| op | gradient | remembers |\n|---|---|---|\n"
        for op in rows:
            names = {f"d{x}": f"d{public(x)}" for x in op.inputs}
            rules = "<br>".join(
                f"{names.get(k, k)} = `{v.replace('|', chr(92) + '|')}`" for k, v in op.formulas.items()
            )
            kept = ", ".join(s if s == "out" else public(s) for s in op.slots)
            text += f"| `{op.name}` | {rules or 'none: flat'} | {kept or '-'} |\n"
    return text


FILES = {
    ROOT / "docs" / "ops.md": ops_text,
    ROOT / "tinygrad_edu" / "methods.pyi": methods_text,
    ROOT / "tinygrad_edu" / "__init__.pyi": public_text,
    ROOT / "tinygrad_edu" / "nn" / "functional.pyi": functional_text,
}


def main():
    stale = [path for path, text in FILES.items() if not path.exists() or path.read_text() != text()]
    if "--check" in sys.argv:
        print(*(f"{path.relative_to(ROOT)} is stale: run python docs/generate.py" for path in stale), sep="\n")
        return bool(stale)
    for path in stale:
        path.write_text(FILES[path]())
    return 0


if __name__ == "__main__":
    np.seterr(all="ignore")
    sys.exit(main())
