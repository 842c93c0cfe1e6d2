"""save and load: what goes in comes out, in torch too; and a file is sound, refused, or the old one."""

import io
import json
import math
import os
import pickle
import random
import signal
import stat
import struct
import subprocess
import sys
import textwrap
import time
from collections import Counter, OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import atomic, serialization

pytest.importorskip("safetensors")
import contextlib

from safetensors.numpy import save as packed

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]


def written(obj):
    file = io.BytesIO()
    tg.save(obj, file)
    return file.getvalue()


def read(data):
    return tg.load(io.BytesIO(data))


def same(a, b):
    """Whether two things are equal in kind and value, NaN being equal to itself."""
    if type(a) is not type(b):
        return False
    if isinstance(a, tg.Tensor):
        kind = (a.dtype, a.shape, a.requires_grad) == (b.dtype, b.shape, b.requires_grad)
        return kind and a.array.tobytes() == b.array.tobytes()
    if isinstance(a, dict):
        return same([*map(list, a.items())], [*map(list, b.items())])
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


# ------------------------------------------------------------------ round trips

NESTED = {
    "epoch": 3,
    1: {2: {True: "yes", None: None, 0.5: [1, 2.5, "three", (4, [5], ()), {}]}},
    "numbers": [0, -1, 2**80, -0.0, 1e-320, math.pi, math.inf, -math.inf, math.nan],
    "text": ["", "é", "\U0001f600", "\ud800", "a\nb", "\0"],
    "ordered": OrderedDict([("b", 1), ("a", 2)]),
    "counted": Counter({5: 1, 3: 2}),
    "size": tg.zeros(2, 3).shape,
    "tensors": [tg.arange(3), {"deep": tg.ones(2, 2)}],
}


@pytest.mark.parametrize(
    "obj",
    [
        NESTED,
        tg.arange(6).reshape(2, 3),
        [tg.ones(2), tg.zeros(0, 3)],
        (),
        {},
        None,
        "text",
        {
            "w": tg.ones(2, requires_grad=True),
            "b": tg.nn.Parameter(tg.ones(1)),
            "i": tg.nn.Parameter(tg.ones(1), False),
        },
        {"a": {"b": tg.ones(1)}, "a.b": tg.zeros(1), "a.b_": tg.ones(2)},
        {"__metadata__": tg.ones(1), "": tg.zeros(1), "\ud800": tg.ones(2), 1: tg.ones(3), "1": tg.ones(4)},
    ],
    ids=lambda obj: type(obj).__name__,
)
def test_what_goes_in_comes_out(obj):
    assert same(read(written(obj)), obj)


@pytest.mark.parametrize("name", DTYPES)
@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (5,), (2, 3, 4)], ids=str)
def test_all_dtypes_and_shapes(name, shape, rng):
    t = tg.from_numpy(np.asarray(rng.integers(0, 2 if name == "bool" else 100, shape)).astype(name))
    assert same(read(written({"t": t}))["t"], t)


def test_views_are_saved_as_what_they_show_and_no_more():
    base = tg.arange(10_000).reshape(100, 100)
    views = {
        "row": base[3],
        "column": base[:, 7],
        "turned": base[:3].T,
        "wide": tg.ones(1).expand(4),
        "flip": base[0].flip(0),
    }
    data = written(views)
    assert len(data) < 10_000
    loaded = read(data)
    assert all(same(loaded[name].contiguous(), view.contiguous()) for name, view in views.items())
    loaded["row"].zero_()  # memory of its own, which can be written to
    assert base[3].sum() > 0


def test_tied_weights_load_into_a_tied_model(torch):
    def tied(engine):
        a, b = engine.nn.Linear(3, 3), engine.nn.Linear(3, 3)
        b.weight = a.weight
        return engine.nn.Sequential(a, b)

    ours, theirs = tied(tg), tied(torch)
    data = written(ours.state_dict())
    from safetensors.torch import load

    assert str(theirs.load_state_dict(load(data))) == "<All keys matched successfully>"
    assert theirs[1].weight is theirs[0].weight
    assert theirs[1].weight.tolist() == ours[0].weight.tolist()


def test_an_equal_object_gives_equal_bytes():
    assert written(NESTED) == written(NESTED)


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(DTYPES).flatmap(
        lambda d: st.lists(st.integers(0, 1), max_size=3).map(lambda x: tg.tensor(x, dtype=getattr(tg, d)))
    )
)
keys = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
nested = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
        | st.dictionaries(keys, inner, max_size=3).map(OrderedDict)
    ),
    max_leaves=12,
)


@given(nested)
def test_any_structure_round_trips(obj):
    assert same(read(written(obj)), obj)


# ------------------------------------------------------------------ files


def test_paths_and_files(tmp_path):
    t = tg.arange(3)
    for f in (str(tmp_path / "a"), tmp_path / "b", os.fsencode(tmp_path / "c")):
        tg.save(t, f)
        assert same(tg.load(f), t)
    with open(tmp_path / "d", "wb") as file:
        tg.save(t, file)
    with open(tmp_path / "d", "rb") as file:
        assert same(tg.load(file, map_location="cpu", weights_only=False), t)
    with open(tmp_path / "d", encoding="latin1") as file, pytest.raises(TypeError, match="binary mode"):
        tg.load(file)
    with open(tmp_path / "e", "w") as file, pytest.raises(TypeError):
        tg.save(t, file)


def test_what_cannot_be_opened_is_opens_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        tg.load(tmp_path / "missing")
    with pytest.raises(IsADirectoryError):
        tg.load(tmp_path)
    with pytest.raises(IsADirectoryError):
        tg.save({}, tmp_path)
    with pytest.raises(RuntimeError, match=r"Parent directory .*missing does not exist"):
        tg.save({}, tmp_path / "missing" / "file")
    with pytest.raises(TypeError, match="not int"):
        tg.save({}, 3)
    with pytest.raises(AssertionError, match="CUDA"):
        tg.load(io.BytesIO(written({})), map_location="cuda")


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_permissions_are_those_of_any_new_file_or_of_the_old_one(tmp_path):
    path = tmp_path / "file"
    old = os.umask(0o027)
    try:
        tg.save({}, path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o600)
        tg.save({"a": 1}, path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(old)
    link = tmp_path / "link"
    link.symlink_to(path)
    tg.save({"b": 2}, link)
    assert link.is_symlink()
    assert tg.load(path) == {"b": 2}
    tg.save({}, os.devnull)
    assert not os.path.isfile(os.devnull)


class Sudden(Exception):
    pass


@pytest.mark.parametrize("at", ["fsync", "replace", "chmod"])
def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(at, tmp_path, monkeypatch):
    path = tmp_path / "file"
    tg.save({"old": 1}, path)

    def fail(*args):
        raise Sudden

    monkeypatch.setattr(atomic.os, at, fail)
    with pytest.raises(Sudden):
        tg.save({"new": 2}, path)
    assert tg.load(path) == {"old": 1}
    assert os.listdir(tmp_path) == ["file"]


def test_what_cannot_be_saved_touches_nothing(tmp_path):
    path = tmp_path / "file"
    tg.save({"old": 1}, path)
    with pytest.raises(TypeError):
        tg.save({"a": tg.ones(2), "b": object()}, path)
    assert tg.load(path) == {"old": 1}


def test_litter_of_killed_programs_is_swept_once_it_is_old(tmp_path):
    old, new = tmp_path / f"{atomic.LITTER}1.tmp", tmp_path / f"{atomic.LITTER}2.tmp"
    for file in (old, new):
        file.touch()
    long_ago = time.time() - 2 * atomic.STALE
    os.utime(old, (long_ago, long_ago))
    tg.save({}, tmp_path / "file")
    assert sorted(os.listdir(tmp_path)) == [new.name, "file"]


SAVER = """
import sys
import tinygrad_edu as tg
tg.save({"warm": 0}, sys.argv[1] + ".warm")
print("ready", flush=True)
for version in range(1, 100_000):
    tg.save({"version": version, "weights": tg.full((20_000,), version)}, sys.argv[1])
"""


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_save_that_is_killed_leaves_a_whole_file(tmp_path):
    path, chance, saved, before = tmp_path / "file", random.Random(0), 0, 0
    while saved < 200:
        tg.save({"version": 0, "weights": tg.zeros(20_000)}, path)
        with subprocess.Popen([sys.executable, "-c", SAVER, str(path)], stdout=subprocess.PIPE) as child:
            assert child.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0.05, 0.4))
            child.send_signal(signal.SIGKILL)
        found = tg.load(path)
        assert found["weights"].tolist() == [found["version"]] * 20_000
        saved, before = saved + found["version"], before + 1
        assert before < 100
    litter = [name for name in os.listdir(tmp_path) if name.startswith(atomic.LITTER)]
    assert len(litter) <= before


def test_without_the_library_the_error_names_the_extra(monkeypatch):
    for part in ("safetensors", "safetensors.numpy"):
        monkeypatch.setitem(sys.modules, part, None)
    for use in (lambda: tg.save({}, io.BytesIO()), lambda: tg.load(io.BytesIO(b""))):
        with pytest.raises(ImportError, match=r"tinygrad_edu\[io\]"):
            use()


# ------------------------------------------------------------------ what cannot be saved

loop = []
loop.append(loop)
deep = None
for _ in range(200):
    deep = [deep]

UNSAVABLE = {
    "a module": (tg.nn.Linear(1, 1), TypeError, r"cannot save tensor, a Linear: save its state_dict\(\)"),
    "an optimizer": ({"o": tg.optim.SGD([tg.ones(1)], 0.1)}, TypeError, "cannot save o, a SGD: save its state_dict"),
    "a function": ({"f": [print]}, TypeError, r"cannot save f\.0, a builtin_function_or_method: .* state_dict\(\)"),
    "an array": ([np.ones(1)], TypeError, "from_numpy"),
    "a NumPy number": ({"loss": np.float64(1)}, TypeError, r"cannot save loss, a float64: .*\.item\(\)"),
    "a set": ({1}, TypeError, "a set"),
    "bytes": (b"", TypeError, "a bytes"),
    "a tuple as a key": ({(1, 2): 3}, TypeError, "keys must be text, numbers or None, not tuple"),
    "a tensor as a key": ({"a": {tg.ones(1): 3}}, TypeError, "cannot save a: its keys"),
    "itself": (loop, ValueError, "contains itself"),
    "200 lists": (deep, ValueError, "more than 100 deep"),
}


@pytest.mark.parametrize("name", UNSAVABLE)
def test_what_cannot_be_saved_says_why(name):
    obj, error, message = UNSAVABLE[name]
    file = io.BytesIO()
    with pytest.raises(error, match=message):
        tg.save(obj, file)
    assert file.getvalue() == b""


# ------------------------------------------------------------------ what cannot be loaded


def raw(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype="I8", shape=(2,), start=0, end=2):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, end]}


def noted(structure, **more):
    text = structure if isinstance(structure, str) else json.dumps({"structure": structure, **more})
    return packed({"t": np.ones(2, np.int8)}, metadata={"tinygrad_edu": text})


class Harmful:
    def __reduce__(self):
        return os.abort, ()


BAD_FILES = {
    "empty": (b"", "it is empty"),
    "short": (b"\1\2\3", "header"),
    "a length of 2**63": (struct.pack("<Q", 2**63) + b"{}", "header too large"),
    "a length beyond the end": (struct.pack("<Q", 100) + b"{}", "header"),
    "no JSON": (raw(b"{"), "JSON"),
    "no object": (raw([]), "JSON"),
    "deep JSON": (raw(b"[" * 100_000), "JSON"),
    "deep JSON in a field": (raw(b'{"a":{"x":' + b"[" * 100_000), "JSON"),
    "no UTF-8": (raw(b'{"\xff":3}'), "UTF-8"),
    "truncated": (raw({"a": entry()}, b"a"), "metadata|file"),
    "trailing bytes": (raw({"a": entry()}, b"abc"), "file not fully covered"),
    "out of bounds": (raw({"a": entry(end=9, shape=(9,))}, b"ab"), "metadata"),
    "overlapping": (raw({"a": entry(), "b": entry()}, b"ab"), "offset"),
    "a hole": (raw({"a": entry(start=1, end=3)}, b"abc"), "offset"),
    "backwards": (raw({"a": entry(start=2, end=0)}, b"ab"), "offset|info"),
    "a wrong size": (raw({"a": entry(shape=(3,))}, b"ab"), "info|shape"),
    "a negative size": (raw({"a": entry(shape=(-2,))}, b"ab"), "JSON"),
    "a fraction": (raw({"a": entry(shape=(1.5,))}, b"ab"), "JSON"),
    "a huge shape": (raw({"a": entry(shape=(2**62, 2**62))}, b"ab"), "overflow"),
    "a huge shape of nothing": (raw({"a": entry(shape=(2**40, 0, 2**60), end=0)}), "too big|too large"),
    "a size of 64 bits": (raw({"a": entry(shape=(2**64 - 1, 0), end=0)}), "."),
    "an unknown dtype": (raw({"a": entry("F65")}, b"ab"), "F65"),
    "a dtype that we lack": (raw({"a": entry("BF16", (1,))}, b"ab"), "'a' has dtype BF16, .* convert it in torch"),
    "a name twice": (raw(b'{"a":%b,"a":%b}' % ((json.dumps(entry()).encode(),) * 2), b"ab"), "a name comes twice"),
    "a field twice": (raw(b'{"a":{"dtype":"I8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), "."),
    "a field missing": (raw(b'{"a":{"dtype":"I8","shape":[0]}}'), "data_offsets"),
    "metadata of numbers": (raw({"__metadata__": {"a": 3}}), "JSON"),
    "no JSON in the metadata": (noted("{"), "."),
    "deep JSON in the metadata": (noted("[" * 100_000), "recursion"),
    "a structure that is deep": (noted('{"structure":' + "[" * 500 + "]" * 500 + "}"), "more than 100 deep"),
    "a huge number": (noted('{"structure":' + "9" * 5000 + "}"), "."),
    "no structure": (noted("{}"), "is no structure"),
    "a list for a structure": (noted("[]"), "is no structure"),
    "more than a structure": (noted({"tensor": "t"}, code="print()"), "is no structure"),
    "a structure twice": (noted('{"structure": 1, "structure": {"tensor": "t"}}'), "comes twice"),
    "a tensor that is not there": (noted({"tensor": "u"}), "'u' that is not there"),
    "a tensor twice": (noted([{"tensor": "t"}, {"tensor": "t"}]), "not any more"),
    "a tensor left over": (noted([]), "no place for the tensors t"),
    "a tensor without a name": (noted({"tensor": None}), "."),
    "a tensor with a list for a name": (noted({"tensor": []}), "."),
    "a tensor that is more": (noted({"tensor": "t", "arrays": 1}), "none of ours|cannot be"),
    "a flag that is a list": (noted({"tensor": "t", "parameter": []}), "cannot be"),
    "integers that require grad": (noted({"tensor": "t", "requires_grad": True}), "cannot be"),
    "an unknown kind": (noted({"os.system": ["true"]}), "none of ours"),
    "an empty part": (noted({}), "none of ours"),
    "two kinds": (noted({"tuple": [], "list": []}), "none of ours"),
    "a tuple of none": (noted({"tuple": None}), "none of ours"),
    "a dict of no pairs": (noted({"dict": [1]}), "none of ours"),
    "a dict of triples": (noted({"dict": [[1, 2, 3]]}), "none of ours"),
    "a list as a key": (noted({"dict": [[[], 1]]}), "none of ours"),
    "a key twice": (noted({"dict": [["a", 1], ["a", {"tensor": "t"}]]}), "comes twice"),
    "a wrong checksum": (noted({"tensor": "t"}, crc32=1), "checksum is wrong"),
    "a checksum of text": (noted({"tensor": "t"}, crc32="1"), "checksum is wrong"),
    "a pickle": (pickle.dumps(Harmful(), 2), "it is a pickle"),
    "a framed pickle": (pickle.dumps([Harmful()] * 9, 4), "it is a pickle"),
    "text": (b"epoch,loss\n1,0.5\n", "header"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_what_is_no_sound_file_is_refused(name, tmp_path):
    data, message = BAD_FILES[name]
    path = tmp_path / "bad"
    path.write_bytes(data)
    for f in (path, io.BytesIO(data)):
        with pytest.raises(RuntimeError, match=f"(?s)cannot load .*{message}"):
            tg.load(f)


def test_a_file_of_torchs_says_how_to_convert_it(torch, tmp_path):
    for new in (True, False):
        torch.save({"w": torch.ones(2)}, tmp_path / "model.pt", _use_new_zipfile_serialization=new)
        with pytest.raises(RuntimeError, match=r"model\.pt: it is .* pickle.* safetensors\.torch\.save_file\("):
            tg.load(tmp_path / "model.pt")


SOUND = {
    "state": {0: {"w": tg.arange(12.0).reshape(3, 4), "n": tg.tensor(7)}},
    "empty": tg.zeros(0, 3),
    "lr": [0.1, (math.inf,)],
}
BYTES = written(SOUND)
KEY_AT = BYTES.index(b'"tinygrad_edu"')


@given(st.data())
def test_damage_is_noticed(data):
    """Whatever bytes change or go, the file is refused, or what it holds is what was saved.

    (All but one kind of damage: once the name of our note is another, the file is one of tensors without a note.)"""
    damaged = bytearray(BYTES)
    if data.draw(st.booleans()):
        del damaged[data.draw(st.integers(0, len(damaged) - 1)) :]
    else:
        for _ in range(data.draw(st.integers(1, 3))):
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read(bytes(damaged))
    except RuntimeError:
        return
    if damaged[KEY_AT : KEY_AT + 14] != BYTES[KEY_AT : KEY_AT + 14]:
        assert all(isinstance(t, tg.Tensor) for t in found.values())
    else:
        assert same(found, SOUND)


def test_every_bit_counts():
    for i in range(8, len(BYTES)):
        damaged = bytearray(BYTES)
        damaged[i] ^= 1 << (i % 8)
        if KEY_AT <= i < KEY_AT + 14:
            continue
        with contextlib.suppress(RuntimeError):
            assert same(read(bytes(damaged)), SOUND), f"byte {i}"


# ------------------------------------------------------------------ torch


def lines_for_torch():
    """What the docstring tells a torch user to write."""
    doc = serialization.__doc__
    code = textwrap.dedent(doc[doc.index("    import json, torch") :])
    names = {}
    exec(code, names)
    return names["load_checkpoint"], names["save_checkpoint"]


def net(engine):
    nn = engine.nn
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))


OPTIMIZERS = {
    "SGD, momentum": lambda e, ps: e.optim.SGD(ps, lr=0.05, momentum=0.9, weight_decay=1e-4),
    "Adam": lambda e, ps: e.optim.Adam(ps, lr=0.01),
}


def train(engine, model, optimizer, steps):
    """Steps on batches that depend on the step's number alone."""
    for step in steps:
        rng = np.random.default_rng(step)
        x, y = (engine.tensor(rng.standard_normal(shape).astype(np.float32)) for shape in ((16, 4), (16, 2)))
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
    return loss.item()


def checkpoint(model, optimizer, loss):
    return {
        "epoch": 40,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "loss": loss,
        "best": math.inf,
        "betas": (0.9, 0.999),
    }


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("from_torch", [False, True], ids=["here, then in torch", "in torch, then here"])
def test_training_goes_on_in_the_other_engine(name, from_torch, torch, tmp_path):
    """40 steps in one engine and 40 in the other are 80 in torch: parameters to within 2e-6, which is some ulps of 1."""
    load_checkpoint, save_checkpoint = lines_for_torch()
    first, second = (torch, tg) if from_torch else (tg, torch)
    torch.manual_seed(0)
    reference = net(torch)
    start = {k: v.numpy().copy() for k, v in reference.state_dict().items()}
    optimizer = OPTIMIZERS[name](torch, reference.parameters())
    train(torch, reference, optimizer, range(80))

    model = net(first)
    model.load_state_dict({k: first.tensor(v) for k, v in start.items()})
    optimizer = OPTIMIZERS[name](first, model.parameters())
    loss = train(first, model, optimizer, range(40))
    path = tmp_path / "checkpoint.safetensors"
    (save_checkpoint if from_torch else tg.save)(checkpoint(model, optimizer, loss), path)

    found = (tg.load if from_torch else load_checkpoint)(path)
    assert (found["epoch"], found["loss"], found["best"], found["betas"]) == (40, loss, math.inf, (0.9, 0.999))
    model = net(second)
    model.load_state_dict(found["model_state_dict"])
    optimizer = OPTIMIZERS[name](second, model.parameters())
    optimizer.load_state_dict(found["optimizer_state_dict"])
    train(second, model, optimizer, range(40, 80))
    for key, value in reference.state_dict().items():
        np.testing.assert_allclose(model.state_dict()[key].detach().numpy(), value.numpy(), rtol=0, atol=2e-6)


def test_a_state_dict_is_a_plain_file_in_both_directions(torch, tmp_path):
    from safetensors.torch import load_file, save_file

    path = tmp_path / "model.safetensors"
    ours, theirs = net(tg), net(torch)
    tg.save(ours.state_dict(), path)
    plain = load_file(path)
    assert plain.keys() == ours.state_dict().keys()
    theirs.load_state_dict(plain)
    assert all(
        plain[k].dtype is torch.float32 and plain[k].tolist() == v.tolist() for k, v in ours.state_dict().items()
    )
    loaded = tg.load(path)
    assert type(loaded) is OrderedDict
    assert list(loaded) == list(theirs.state_dict())  # in their order too

    torch.manual_seed(3)
    theirs = net(torch)
    save_file(theirs.state_dict(), path, {"format": "pt"})
    assert str(ours.load_state_dict(tg.load(path))) == "<All keys matched successfully>"
    assert all(p.tolist() == q.tolist() for p, q in zip(ours.parameters(), theirs.parameters()))


@pytest.mark.parametrize("name", DTYPES)
def test_torch_reads_and_writes_every_dtype(name, torch, tmp_path):
    from safetensors.torch import load_file, save_file

    path = tmp_path / "t"
    tg.save({"t": tg.tensor([[0, 1, 1]]).to(getattr(tg, name))}, path)
    theirs = load_file(path)["t"]
    assert theirs.dtype is getattr(torch, name)
    assert theirs.tolist() == [[0, 1, 1]]
    save_file({"t": theirs, "zero": theirs[0, 0].clone(), "none": theirs[:, :0].clone()}, path)
    ours = tg.load(path)
    assert ours["t"].dtype is getattr(tg, name)
    assert [t.tolist() for t in (ours["t"], ours["zero"], ours["none"])] == [[[0, 1, 1]], 0, [[]]]


def test_a_truth_that_is_neither_0_nor_1_is_true():
    (t,) = read(raw({"t": entry("BOOL", (3,), 0, 3)}, b"\0\1\7")).values()
    assert t.array.view(np.uint8).tolist() == [0, 1, 1]


def test_a_schedulers_state_goes_through_torchs_lines(torch, tmp_path):
    load_checkpoint, save_checkpoint = lines_for_torch()
    optimizer = torch.optim.SGD([torch.ones(1, requires_grad=True)], 0.1)
    schedulers = [
        torch.optim.lr_scheduler.StepLR(optimizer, 2),
        torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 5),
        torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer),
    ]
    states = [s.state_dict() for s in schedulers]
    path = tmp_path / "file"
    save_checkpoint(states, path)
    assert same(tg.load(path), states)
    milestones = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 3, 5]).state_dict()
    tg.save(milestones, path)
    assert same(tg.load(path), milestones)
    assert same(load_checkpoint(path), milestones)
