"""Untouched PyTorch scripts run on this engine: `as_torch`, `python -m tinygrad_edu`, and the examples, digit for digit."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tinygrad_edu as tg

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))


def run(*arguments, cwd=None, stdin=""):
    """A Python command with this package to be found, and one thread, so that torch adds in one order."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=env, input=stdin, capture_output=True, text=True, timeout=120)


def ours(*arguments, **options):
    return run("-m", "tinygrad_edu", *arguments, **options)


# ------------------------------------------------------------------ for a while

IMPORTS = """
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.backends.cudnn as cudnn
import torch.cuda.amp
import torch.utils.data.dataset
from torch import nn as N, optim, Tensor, FloatTensor
from torch.autograd import Variable, Function
from torch.nn.modules.linear import Linear
from torch.nn.modules.module import Module
from torch.nn.parameter import Parameter
from torch.optim.optimizer import Optimizer
from torch.utils.data import DataLoader
from torch.utils.data.sampler import Sampler
assert torch is tg and nn is N is tg.nn and F is tg.nn.functional and optim is tg.optim
assert Linear is tg.nn.Linear and Parameter is tg.nn.Parameter and Tensor is tg.Tensor and Module is tg.nn.Module
assert cudnn is tg.backends.cudnn and Sampler is tg.utils.data.Sampler and Optimizer is tg.optim.Optimizer
cudnn.deterministic = True
"""


def torchs():
    return {name: it for name, it in sys.modules.items() if name.partition(".")[0] == "torch"}


@pytest.fixture(params=["fresh", "beside torch"])
def before(request):
    """What of torch is imported before, if anything is."""
    if request.param == "beside torch":
        pytest.importorskip("torch")
    saved = torchs()
    if request.param == "fresh":
        for name in saved:
            del sys.modules[name]
    yield torchs()
    sys.modules.update(saved)


def attributes():
    """What Python could leave on our modules."""
    names = ("__spec__", "__path__", "__version__", "__name__", "__file__", "__loader__", "__package__")
    ours = [it for name, it in sorted(sys.modules.items()) if name.partition(".")[0] == "tinygrad_edu"]
    return [[repr(vars(it).get(name)) for name in names] for it in ours]


def test_torch_is_this_package_while_it_is_open(before):
    for name in ("nn", "optim", "backends", "utils", "cuda", "xpu", "mps"):
        importlib.import_module(f"tinygrad_edu.{name}")
    left, finders = attributes(), [*sys.meta_path]
    with tg.as_torch() as torch:
        assert torch is tg
        exec(IMPORTS, {"tg": tg})
        with tg.as_torch():
            exec(IMPORTS, {"tg": tg})
        exec(IMPORTS, {"tg": tg})
    assert torchs() == before
    assert sys.meta_path == finders
    assert attributes() == left


def test_an_exception_restores_too(before):
    with pytest.raises(ModuleNotFoundError), tg.as_torch():
        exec("import torch.nn, torch.no_such_module")
    assert torchs() == before


@tg.as_torch()
def shape_of(*size):
    import torch

    return torch.ones(*size).shape


def test_it_decorates():
    assert shape_of(2, 3) == (2, 3)
    assert shape_of(1) == (1,)


def test_the_version_is_torchs_to_those_who_ask():
    with tg.as_torch() as torch:
        version = torch.__version__
        assert tuple(map(int, version.split("+")[0].split(".")[:2])) == (2, 13)
        assert [version >= "2.4", version > (1, 10), version < "2.9", version < (3,)] == [True, True, False, True]
        assert version == "2.13"
        assert [torch.version.__version__, torch.version.cuda] == [version, None]
    assert tg.__version__ != version


@pytest.mark.parametrize(
    ("statement", "error", "message"),
    [
        ("import torch.vision", ModuleNotFoundError, "No module named 'torch.vision': torch is tinygrad_edu here"),
        ("import torch.nn.functionl", ModuleNotFoundError, "'torch.nn.functionl'.* nearest: functional"),
        ("from torch import lnspace", ImportError, "'lnspace' from 'torch', .*; nearest: linspace, logspace"),
        ("from torch.nn import Lienar", ImportError, "'Lienar' from 'torch.nn', .*; nearest: Linear"),
        ("from torch.nn.functional import softmx", ImportError, "'softmx' from 'torch.nn.functional'.* softmax"),
        ("import torch; torch.lnspace", AttributeError, "no attribute 'lnspace'; nearest: linspace, logspace"),
        ("import torch; torch.optim.Adm", AttributeError, "'tinygrad_edu.optim' has no attribute 'Adm'; nearest: Adam"),
        ("import torch; torch.nn.Relu", AttributeError, "nearest: ReLU"),
    ],
)
def test_what_is_not_there_is_named_with_the_nearest_that_is(statement, error, message):
    importlib.import_module("tinygrad_edu.nn.functional")
    with tg.as_torch(), pytest.raises(error, match=message) as caught:
        exec(statement)
    assert type(caught.value) is error


def test_a_name_that_is_not_there_costs_nothing_until_it_is_read(monkeypatch):
    monkeypatch.setattr("difflib.get_close_matches", lambda *_: pytest.fail("it was looked for"))
    for module in (tg, tg.nn, tg.nn.functional, tg.optim, tg.utils.data, tg.linalg, tg.autograd):
        assert not hasattr(module, "no_such_thing")
        assert getattr(module, "no_such_thing", 3) == 3


# ------------------------------------------------------------------ for a whole script

SCRIPT = """\
import sys
import torch
from helper import double


class Kept:
    pass


def fail():
    raise ValueError("as I said")


if __name__ == "__main__":
    import pickle

    print(double(torch.ones(2)), sys.argv[1:], sys.argv[0] == __file__, type(pickle.loads(pickle.dumps(Kept()))) is Kept)
    if sys.argv[1:] == ["fail"]:
        fail()
    sys.exit(int(sys.argv[1]) if sys.argv[1:] else None)
"""


@pytest.fixture
def script(tmp_path):
    (tmp_path / "helper.py").write_text("import torch\n\ndouble = lambda x: torch.mul(x, 2)\n")
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path / "script.py"


def outcome(done):
    return done.stdout, done.stderr, done.returncode


@pytest.mark.parametrize("arguments", [[], ["3"], ["fail"], ["x", "--check"]])
def test_a_script_runs_as_python_runs_it(script, arguments):
    pytest.importorskip("torch")
    name = script if arguments else os.path.relpath(script, ROOT)
    assert outcome(ours(name, *arguments, cwd=ROOT)) == outcome(run(name, *arguments, cwd=ROOT))


def test_without_torch_too(script):
    done = ours(script)
    assert outcome(done) == ("tensor([2., 2.]) [] True True\n", "", 0)


CODE = "import torch, sys; print(torch.__name__, sys.argv[1:], __name__); 1 / 0"


@pytest.mark.parametrize(
    ("arguments", "stdin"), [(["-c", CODE, "a"], ""), (["-", "a"], CODE), (["-m", "coded", "a"], "")]
)
def test_other_forms(arguments, stdin, tmp_path):
    (tmp_path / "coded.py").write_text(CODE)
    done = ours(*arguments, stdin=stdin, cwd=tmp_path)
    assert done.stdout == "tinygrad_edu ['a'] __main__\n"
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last):\n  File ")
    assert not [frame for frame in ("__main__.py", "runpy") if frame in done.stderr]
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_a_syntax_error_is_all_that_is_said(tmp_path):
    (tmp_path / "bad.py").write_text("x = = 1\n")
    done = ours("bad.py", cwd=tmp_path)
    assert outcome(done) == outcome(run("bad.py", cwd=tmp_path))
    assert done.returncode == 1


@pytest.mark.parametrize(("arguments", "said"), [(["no.py"], "can't open file 'no.py'"), ([], "usage"), (["-x"], "-x")])
def test_what_cannot_be_run(arguments, said, tmp_path):
    done = ours(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr


def test_help():
    done = ours("--help")
    assert done.returncode == 0
    assert "--check" in done.stdout


# ------------------------------------------------------------------ the examples


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_in_both_engines_the_same(example, promised):
    here, there = ours(example), run(example)
    assert there.returncode == 0, there.stderr
    assert here.returncode == 0, here.stderr
    assert here.stdout == there.stdout
    assert here.stdout.count("\n") > 3


def test_the_examples_need_nothing_that_is_not_here():
    done = ours("--check", *EXAMPLES)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.count("\n") == len(EXAMPLES) >= 12
