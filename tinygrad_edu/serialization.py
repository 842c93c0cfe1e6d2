"""save and load: tensors, and what holds them, as a safetensors file, which can do no harm.

A pickle, which is what torch.save writes, can run any code when it is loaded. A safetensors file cannot: it is a header
with names, dtypes and shapes, and then the numbers. A flat state_dict becomes such a file with the same names;
`safetensors.torch.load_file` reads it as it is, and what `save_file` writes is loaded here.

Of anything else, the tensors lie under dotted names ("optimizer.state.0.exp_avg"), and what holds them is told in the
file's metadata, under "tinygrad_edu", as JSON: {"structure": ..., "crc32": ...}. In the structure None, truths, numbers
(inf and nan as Python's json has them), text and lists stand for themselves; all else is a dict that says what it is:

    {"tensor": its name}             with "requires_grad": true and "parameter": true where it is so
    {"dict": [[key, value], ...]}    "OrderedDict" and "Counter" likewise
    {"tuple": [...]}                 "Size" likewise

`crc32` is a checksum of all of it, which a file may lack. These lines read such a file in torch, and write one:

    import json, torch
    from collections import Counter, OrderedDict
    from safetensors import safe_open
    from safetensors.torch import save_file

    KINDS = {"dict": dict, "OrderedDict": OrderedDict, "Counter": lambda pairs: Counter(dict(pairs)),
             "tuple": tuple, "Size": torch.Size}

    def load_checkpoint(path):
        with safe_open(path, "pt") as file:
            def built(it):
                if isinstance(it, list):
                    return [built(x) for x in it]
                if not isinstance(it, dict):
                    return it
                if "tensor" in it:
                    return file.get_tensor(it["tensor"])
                ((kind, inside),) = it.items()
                return KINDS[kind](map(built, inside))
            return built(json.loads(file.metadata()["tinygrad_edu"])["structure"])

    def save_checkpoint(obj, path):
        tensors = {}
        def noted(it, name):
            if isinstance(it, torch.Tensor):
                tensors[name] = it.detach().clone(memory_format=torch.contiguous_format)
                return {"tensor": name}
            if isinstance(it, dict):
                return {"dict": [[k, noted(v, f"{name}.{k}")] for k, v in it.items()]}
            if isinstance(it, (list, tuple)):
                parts = [noted(v, f"{name}.{i}") for i, v in enumerate(it)]
                return parts if isinstance(it, list) else {"tuple": parts}
            return it
        note = {"structure": noted(obj, "checkpoint")}
        save_file(tensors, path, {"tinygrad_edu": json.dumps(note)})
"""

import json
import os
import zlib
from collections import Counter, OrderedDict
from importlib import import_module

import numpy as np

from .arraylike import Size
from .atomic import write_whole
from .device import device, on_cpu
from .nn.parameter import Parameter
from .tensor import Tensor, rebuilt

KEY = "tinygrad_edu"
DEEPEST = 100  # levels of containers within each other

BY_CODE = {
    "BOOL": "bool",
    "U8": "uint8",
    "I8": "int8",
    "I16": "int16",
    "I32": "int32",
    "I64": "int64",
    "F16": "float16",
    "F32": "float32",
    "F64": "float64",
}
ITSELF = (type(None), bool, int, float, str)  # what JSON has too
MAPPINGS = {kind.__name__: kind for kind in (dict, OrderedDict, Counter)}
SEQUENCES = {kind.__name__: kind for kind in (tuple, Size)}


def safetensors(part):
    """A module of the safetensors library, which is loaded when it is first wanted."""
    try:
        return import_module(part)
    except ImportError:
        raise ImportError(
            "tensors are saved and loaded by the safetensors library: pip install 'tinygrad_edu[io]'"
        ) from None


# ------------------------------------------------------------------ save


def save(obj, f, pickle_module=None, pickle_protocol=None, _use_new_zipfile_serialization=True):
    """Write a tensor, or tensors in dicts, lists and tuples, with numbers, text and None, to a path or a binary file.

    A file is there as a whole or not at all: whoever is killed while saving leaves the old one. Each tensor is stored
    by itself, so memory that some share is shared no more once they are loaded. Raises TypeError for what is no data,
    such as a module or a function. (pickle_module and what follows are torch's, and mean nothing here.)
    https://docs.pytorch.org/docs/stable/generated/torch.save.html

    >>> import io
    >>> import tinygrad_edu as tg
    >>> file = io.BytesIO()
    >>> tg.save({"epoch": 3, "weights": [tg.ones(2), None]}, file)
    >>> _ = file.seek(0)
    >>> tg.load(file)
    {'epoch': 3, 'weights': [tensor([1., 1.]), None]}
    """
    arrays = {}
    structure = noted(obj, (), arrays)
    note = json.dumps({"structure": structure, "crc32": checksum(structure, arrays)})
    data = safetensors("safetensors.numpy").save(arrays, metadata={KEY: note})
    if hasattr(f, "write"):
        f.write(data)
    else:
        write_whole(os.path.realpath(os.fsdecode(f)), data)


def noted(x, path, arrays):
    """What the structure says of x; its tensors go to `arrays`."""
    if len(path) > DEEPEST:
        raise ValueError(
            f"cannot save what is nested more than {DEEPEST} deep, or contains itself: {dotted(path[:5])}..."
        )
    if isinstance(x, Tensor):
        return noted_tensor(x, path, arrays)
    kind = type(x)
    if kind in ITSELF:
        return x
    if kind is list:
        return [noted(part, (*path, i), arrays) for i, part in enumerate(x)]
    if kind in SEQUENCES.values():
        return {kind.__name__: noted([*x], path, arrays)}
    if kind not in MAPPINGS.values():
        raise TypeError(f"cannot save {dotted(path)}, a {kind.__name__}: {advice(x)}")
    for key in x:
        if type(key) not in ITSELF:
            raise TypeError(
                f"cannot save {dotted(path)}: its keys must be text, numbers or None, not {type(key).__name__}"
            )
    return {kind.__name__: [[key, noted(value, (*path, key), arrays)] for key, value in x.items()]}


def noted_tensor(t, path, arrays):
    name = dotted(path).encode(errors="backslashreplace").decode()
    while name in arrays or name == "__metadata__":  # a name that the format has for itself
        name += "_"
    arrays[name] = np.asarray(t.array, order="C")
    flags = {"requires_grad": t.requires_grad, "parameter": isinstance(t, Parameter)}
    return {"tensor": name} | {flag: True for flag, is_set in flags.items() if is_set}


def dotted(path):
    return ".".join(map(str, path)) if path else "tensor"


def advice(x):
    if callable(getattr(x, "state_dict", None)):
        return "save its state_dict(), and load that into one which the same code has made"
    if isinstance(x, np.ndarray):
        return "make it a tensor, by from_numpy()"
    if isinstance(x, np.generic):
        return "make it a number, by .item()"
    return "a file holds tensors, numbers, text, None, and dicts, lists and tuples of them. Save the state_dict()"


def checksum(structure, arrays):
    """The CRC-32 of the structure, and of each tensor's name, dtype, shape and numbers."""
    total = zlib.crc32(json.dumps(structure).encode())
    for name in sorted(arrays):
        array = arrays[name]
        total = zlib.crc32(json.dumps([name, array.dtype.name, array.shape]).encode(), total)
        total = zlib.crc32(array.reshape(-1).view(np.uint8), total)
    return total


# ------------------------------------------------------------------ load


def load(f, map_location=None, pickle_module=None, *, weights_only=True, mmap=None):
    """What `save`, or torch with safetensors, wrote to a path or a binary file. Nothing is ever unpickled.

    Raises RuntimeError, having loaded nothing, where that is no such file, or not whole, or contradicts itself; and
    open()'s errors where it cannot be read. (map_location may name the CPU; pickle_module, weights_only and mmap are
    torch's, and mean nothing here.) https://docs.pytorch.org/docs/stable/generated/torch.load.html
    """
    if isinstance(map_location, (str, device)):
        on_cpu(map_location)
    data, name = contents(f)
    library = safetensors("safetensors")
    try:
        arrays = {name: array_of(name, **part) for name, part in library.deserialize(data)}
        return assembled(arrays, header(data))
    except (library.SafetensorError, ValueError, OverflowError, RecursionError) as error:
        raise RuntimeError(f"cannot load {name}: {foreign(data) or error}") from None


def contents(f):
    """All bytes of a file, and what to call it."""
    if not hasattr(f, "read"):
        with open(os.fsdecode(f), "rb") as file:
            return file.read(), os.fsdecode(f)
    data = f.read()
    if not isinstance(data, bytes):
        raise TypeError(f"expected a file opened in binary mode ('rb'), but it gave {type(data).__name__}")
    return data, getattr(f, "name", "this file")


def foreign(data):
    """What it is instead, if it is known, and how to make it one of ours."""
    if data.startswith(b"PK\3\4"):
        kind = "a zip archive, as torch.save writes it, with a pickle in it"
    elif data[:1] == b"\x80" and data[1:2] in b"\1\2\3\4\5" and data[2:3] != b"\0":  # no length of a header
        kind = "a pickle, as old versions of torch.save wrote it"
    else:
        return "it is empty" if not data else ""
    return (
        f"it is {kind}, which can run any code when it is loaded, so nobody does that here. If you trust it, convert it"
        " in torch: safetensors.torch.save_file(torch.load(path), new_path), or, where it holds more than a flat"
        " state_dict, by the lines in tinygrad_edu.serialization's docstring"
    )


def array_of(name, dtype, shape, data):
    """One tensor's numbers."""
    if dtype not in BY_CODE:
        raise ValueError(
            f"tensor {name!r} has dtype {dtype}, which is none of {', '.join(BY_CODE)}: convert it in torch"
        )
    return np.frombuffer(data, BY_CODE[dtype]).reshape(shape)


def header(data):
    """The header, which the library has found to be sound; but it reads over names that come twice."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length], object_pairs_hook=unique)


def unique(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def assembled(arrays, header):
    """What was saved, made of the tensors as the metadata says; a dict, where it says nothing."""
    note = header.pop("__metadata__", {}).get(KEY)
    if note is None:
        return {name: tensor_of(arrays[name]) for name in header}
    note = json.loads(note, object_pairs_hook=unique)
    if not isinstance(note, dict) or not {"structure"} <= note.keys() <= {"structure", "crc32"}:
        raise ValueError(f"its metadata {KEY!r} is no structure")
    if "crc32" in note and note["crc32"] != checksum(note["structure"], arrays):
        raise ValueError("its checksum is wrong: the file is not what was saved")
    result = built(note["structure"], arrays, 0)
    if arrays:
        raise ValueError(f"its structure has no place for the tensors {', '.join(arrays)}")
    return result


def built(it, arrays, depth):
    """What a part of the structure says; its tensors are taken out of `arrays`."""
    if depth > DEEPEST:
        raise ValueError(f"its structure is nested more than {DEEPEST} deep")
    if isinstance(it, ITSELF):
        return it
    if isinstance(it, list):
        return [built(part, arrays, depth + 1) for part in it]
    if "tensor" in it:
        return built_tensor(it, arrays)
    kind, inside = next(iter(it.items())) if len(it) == 1 else ("", None)
    if kind in SEQUENCES and isinstance(inside, list):
        return SEQUENCES[kind](built(inside, arrays, depth))
    if kind in MAPPINGS and isinstance(inside, list) and all(map(is_entry, inside)):
        return MAPPINGS[kind](unique([(key, built(value, arrays, depth + 1)) for key, value in inside]))
    raise ValueError(f"its structure has a part {str(it)[:80]} that is none of ours")


def is_entry(pair):
    return isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], ITSELF)


def built_tensor(it, arrays):
    name, flags = it["tensor"], {flag: value for flag, value in it.items() if flag != "tensor"}
    if not isinstance(name, str) or name not in arrays:
        raise ValueError(f"its structure names a tensor {name!r} that is not there, or not any more")
    array = arrays.pop(name)
    known = flags.keys() <= {"requires_grad", "parameter"} and all(value is True for value in flags.values())
    if not known or ("requires_grad" in flags and array.dtype.kind != "f"):
        raise ValueError(f"its structure says what cannot be of the {array.dtype} tensor {name!r}: {flags}")
    return tensor_of(array, Parameter if "parameter" in flags else Tensor, "requires_grad" in flags)


def tensor_of(array, cls=Tensor, requires_grad=False):
    if array.dtype == bool:
        array = array.view(np.uint8) != 0  # a byte that is neither 0 nor 1 would be no truth that NumPy knows
    return rebuilt(cls, array, requires_grad)
