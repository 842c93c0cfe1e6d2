"""The stubs: what ops and compositions declare, as editors and type checkers read it."""

import inspect

import tinygrad_edu as tg
from tinygrad_edu.forms import public
from tinygrad_edu.names import namespaces

# What an annotation says, by the parameter's name: the same names mean the same throughout the API.
KINDS = {
    "dim|start_dim|end_dim|dim0|dim1|diagonal|offset|start|length|chunks|groups|correction": "_int",
    "keepdim|keepdims|equal_nan|requires_grad|copy|non_blocking|replacement|training|inplace|descending|stable|largest|sorted": "_bool",
    "accumulate|ceil_mode|count_include_pad|return_indices|is_causal|log_input|log_target|full|align_corners": "_bool",
    "dtype": "_dtype | None",
    "size|shape|dims": "_int | Sequence[_int]",
    "reduction|mode|rounding_mode|approximate": "_str",
    "alpha|beta|threshold|rtol|atol|label_smoothing|lambd|median|sigma|eps|margin|momentum|negative_slope": "_float",
    "ignore_index|steps|n|seed|low|num_samples|num_classes|k|num_groups": "_int",
    "tensors": "Sequence[Tensor]",
    "out": "Any",
    "generator": "Generator | None",
}
KIND = {name: kind for names, kind in KINDS.items() for name in names.split("|")}

# What does not return one Tensor.
RETURNS = {
    "chunk|split|split_with_sizes|tensor_split|hsplit|vsplit|dsplit|unbind|meshgrid|broadcast_tensors": "tuple[Tensor, ...]",
    "rnn_tanh|rnn_relu|gru|lstm|lstm_cell": "tuple[Tensor, ...]",
    "allclose|equal|is_tensor|is_floating_point|is_contiguous|is_inference|is_grad_enabled|can_cast": "_bool",
    "max|min|median|nanmedian|mode|kthvalue|sort|topk|cummax|cummin|aminmax|unique|unique_consecutive|std_mean|var_mean": "Any",
    "histogram|frexp|slogdet|svd|nonzero|where|multi_head_attention_forward|qr|eigh|numpy|tolist|item|stride|size": "Any",
    "as_torch|compile": "Any",
    "are_deterministic_algorithms_enabled|is_autocast_enabled|set_flush_denormal|is_storage": "_bool",
    "typename|get_float32_matmul_precision": "_str",
    "get_num_threads|get_num_interop_threads": "_int",
    "get_default_device": "device",
    "use_deterministic_algorithms|set_float32_matmul_precision|set_num_threads|set_num_interop_threads": "None",
    "set_default_device|set_default_tensor_type": "None",
    "load": "Any",
    "save": "None",
    "max_pool1d|max_pool2d|max_pool3d|adaptive_max_pool1d|adaptive_max_pool2d|embedding_bag|fork_rng|seed": "Any",
}
OTHERWISE = {name: result for names, result in RETURNS.items() for name in names.split("|")}

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
    if isinstance(p.default, float) and kind == "_int":
        kind = "_float"
    if p.default is None and "None" not in kind and kind != "Any":
        kind += " | None"
    default = "" if p.default is p.empty else " = ..."
    return f"{star}{p.name}: {kind}{default}"


def stub(name, function, indent="", method=False):
    """A function's signature with types: the result is a Tensor, unless we know better."""
    op = getattr(inspect.unwrap(function), "op", None)
    parameters = [p for p in inspect.signature(function).parameters.values() if not (method and p.name == "out")]
    parts, keyword_only = [], False
    for i, p in enumerate(parameters):
        if p.kind is p.KEYWORD_ONLY and not keyword_only and not any(q.kind is q.VAR_POSITIONAL for q in parameters):
            parts.append("*")
            keyword_only = True
        parts.append("self" if method and i == 0 else annotated(p, op))
    return f"{indent}def {name}({', '.join(parts)}) -> {OTHERWISE.get(name, 'Tensor')}: ...\n"


def methods():
    """The stub of the class that holds every method that a declaration makes."""
    text = HEAD + "from .dtype import dtype as _dtype\nfrom .generator import Generator\nfrom .tensor import Tensor\n\n"
    text += "class Methods:\n"
    for name, value in sorted(vars(tg.Tensor).items()):
        if isinstance(value, property) and value.fget.__module__ not in ("tinygrad_edu.tensor", None):
            text += f"    @property\n    def {name}(self) -> Tensor: ...\n"
        elif inspect.isfunction(value) and value.__module__ != "tinygrad_edu.tensor":
            if name.strip("_") in ("eq", "ne") and not name.endswith("eq_"):
                continue
            text += stub(name, value, "    ", method=True)
    for name in ("eq", "ne"):
        text += f"    def {name}(self, other: Any) -> Tensor: ...\n"
        text += f"    def __{name}__(self, other: object) -> Tensor: ...  # type: ignore[override]\n"
    return text


def package():
    """The stub of the package itself: every name that it exports."""
    everything = {name: getattr(tg, name) for name in tg.__all__}
    text = HEAD
    text += "from . import " + ", ".join(f"{n} as {n}" for n, it in sorted(everything.items()) if inspect.ismodule(it))
    text += "\n"
    for name, value in sorted(everything.items()):
        if inspect.isclass(value):
            text += f"from {value.__module__.replace('tinygrad_edu', '', 1)} import {name} as {name}\n"
    text += "from .dtype import dtype as _dtype\n\n__version__: _str\ndefault_generator: Generator\n"
    text += "e: _float\ninf: _float\nnan: _float\npi: _float\nnewaxis: None\n"
    text += "".join(f"{name}: _dtype\n" for name, it in everything.items() if isinstance(it, tg.dtype))
    text += "".join(stub(name, it) for name, it in everything.items() if inspect.isfunction(it))
    return text


def namespace(place):
    """The stub of one of torch's namespaces."""
    up = "." * (place.count(".") + 1)
    text = (
        HEAD
        + f"from {up}dtype import dtype as _dtype\nfrom {up}generator import Generator\nfrom {up}tensor import Tensor\n\n"
    )
    return text + "".join(stub(name, function) for name, function in sorted(namespaces[place].items()))
