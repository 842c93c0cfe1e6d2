"""What `python -m tinygrad_edu --check` says of a script, without running it."""

import ast

import pytest

from tinygrad_edu import as_torch
from tinygrad_edu.survey import METHODS, Survey, report

MISSING = {
    "import torch\ntorch.lnspace(0, 1, 5)": [(2, "torch.lnspace", "nearest: linspace, logspace")],
    "import torch as t\nt.nn.Lienar(2, 3)": [(2, "torch.nn.Lienar", "nearest: Linear")],
    "import torch.nn as nn\nnn.Linear(2, 3, devise=None)": [(2, "torch.nn.Linear(devise=)", "nearest: device")],
    "from torch import nn as N, optim\nN.Lienar\noptim.Optimiser": [
        (2, "torch.nn.Lienar", "nearest: Linear"),
        (3, "torch.optim.Optimiser", "nearest: Optimizer"),
    ],
    "from torch import nosuchthing": [(1, "torch.nosuchthing", "")],
    "import torch.nn.functional as F\ny = F.softmx(x)": [(2, "torch.nn.functional.softmx", "nearest: softmax")],
    "import torch\nF = torch.nn.functional\nF.softmx(x)": [(3, "torch.nn.functional.softmx", "nearest: softmax")],
    "from torch.nn import *\nLinear(1, 2, bais=False)": [(2, "torch.nn.Linear(bais=)", "nearest: bias")],
    "import torch.qqq.module": [(1, "torch.qqq", "")],
    "import torch\nclass A(torch.nn.Modul):\n    pass": [(2, "torch.nn.Modul", "nearest: Module")],
    "import torch\ntorch.Tensor.no_such_method": [(2, "torch.Tensor.no_such_method", "")],
    "import torch\nx = torch.ones(\n    2,\n    dtyp=3)": [(4, "torch.ones(dtyp=)", "nearest: dtype")],
    "import torch\ntorch.float32.itemsiz": [(2, "torch.float32.itemsiz", "nearest: itemsize")],
    "y = x.to_sparse()": [(1, ".to_sparse", "tensors have no such method here")],
    "import torch\ntry:\n    import json\nexcept KeyError:\n    torch.lnspace": [
        (5, "torch.lnspace", "nearest: linspace, logspace")
    ],
}

NOTHING = [
    "import torch\ntorch.arange(3).no_such_thing",  # what a value has cannot be read from the script
    "import torch\ntorch.sum(x, axis=0, keepdims=True, out=None)",
    "import torch.nn.functional as F\nF.relu(x, inplace=True)",
    "import torch\ntorch.backends.cudnn.deterministic = True\ntorch.float32.itemsize",
    "import torch\nif torch.cuda.is_available():\n    torch.cuda.no_such_thing",
    "try:\n    import torch.no_such_module\nexcept ImportError:\n    pass",
    "import numpy as np\nnp.lnspace\nself.nn.Lienar",
    "from .torch import nosuchthing",
    "import torch\ntorch.nn.modules.linear.Linear(1, 2)\ntorch.compile(f, mode='x')",
    "x.values().index(3)",
]


def findings(source):
    with as_torch():
        return [tuple(f) for f in Survey(ast.parse(source)).findings]


@pytest.mark.parametrize("source", MISSING)
def test_it_names_what_is_missing_where_and_what_is_nearest(source):
    found = findings(source)
    assert [(line, what) for line, what, _ in found] == [(line, what) for line, what, _ in MISSING[source]]
    for (_, _, why), (_, _, nearest) in zip(found, MISSING[source]):
        assert why.startswith(nearest)  # (what else is near may change with every name that comes)


@pytest.mark.parametrize("source", NOTHING)
def test_it_is_silent_where_nothing_is_missing_or_nobody_can_know(source):
    assert findings(source) == []


def test_the_report(tmp_path, capsys):
    sources = {
        "good": "import torch\ntorch.ones(2)",
        "bad": "import torch\ntorch.lnspace",
        "none": "x = 1",
        "odd": "x =",
    }
    for name, source in sources.items():
        (tmp_path / name).write_text(source)
    said = {}
    for names in (["good"], ["bad"], ["none"], ["odd"], ["good", "bad"], ["bad", "odd"], ["absent"]):
        status = report([str(tmp_path / name) for name in names])
        said["+".join(names)] = (status, capsys.readouterr())
    assert {names: status for names, (status, _) in said.items()} == {
        "good": 0,
        "bad": 1,
        "none": 0,
        "odd": 2,
        "good+bad": 1,
        "bad+odd": 2,
        "absent": 2,
    }
    assert said["good"][1].out == f"{tmp_path / 'good'}: all 2 of torch's names are here\n"
    assert said["bad"][1].out.splitlines() == [
        f"{tmp_path / 'bad'}: 1 of the things that it asks of torch is not here",
        "  line 2    torch.lnspace  nearest: linspace, logspace",
    ]
    assert said["none"][1].out.endswith("it does not import torch\n")
    assert "invalid syntax" in said["odd"][1].err
    assert "No such file" in said["absent"][1].err


def test_the_methods_that_it_knows_are_torchs(torch):
    assert [name for name in METHODS.split() if not hasattr(torch.Tensor, name)] == []
