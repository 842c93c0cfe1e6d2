"""Reports as `python -m parity diff` makes them, of runs that never were: five layers, ten parameters, twenty calls a step."""

import math
import random

SCRIPT = '''\
"""A classifier of five layers, with a hand-written activation."""
import torch
from torch import nn

torch.manual_seed(0)


class Softsign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x / (1 + x.abs())
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (y,) = ctx.saved_tensors
        return grad * (1 - y.abs())  # the square is forgotten


class Net(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.fc1 = nn.Linear(2, width)
        self.fc2 = nn.Linear(width, width)
        self.fc3 = nn.Linear(width, width)
        self.fc4 = nn.Linear(width, width)
        self.fc5 = nn.Linear(width, 1)

    def forward(self, x):
        x = Softsign.apply(self.fc1(x))
        x = torch.relu(self.fc2(x))
        x = torch.relu(self.fc3(x))
        x = torch.relu(self.fc4(x))
        return torch.sigmoid(self.fc5(x))


model = Net()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.BCELoss()
points = torch.randn(256, 2)
targets = (points[:, :1] * points[:, 1:] > 0).float()
for step in range(1000):
    batch = torch.randint(0, 256, (32,))
    prediction = model(points[batch])
    loss = criterion(prediction, targets[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        print(step, loss.item())
'''
OUTPUTS = [  # line, op, shape of the output
    (47, "randint", [32]),
    (48, "Tensor.__getitem__", [32, 2]),
    (31, "linear", [32, 16]),
    (10, "Tensor.abs", [32, 16]),
    (10, "Tensor.add", [32, 16]),
    (10, "Tensor.div", [32, 16]),
    (31, "Softsign.apply", [32, 16]),
    *[(line, op, [32, 16]) for line in (32, 33, 34) for op in ("linear", "relu")],
    (35, "linear", [32, 1]),
    (35, "sigmoid", [32, 1]),
    (49, "Tensor.__getitem__", [32, 1]),
    (49, "binary_cross_entropy", []),
    (50, "Adam.zero_grad", None),
    (51, "Tensor.backward", None),
    (52, "Adam.step", None),
]
PARAMETERS = [f"fc{i}.{kind}" for i in range(1, 6) for kind in ("weight", "bias")]
FINDING = {
    "what": "gradient",
    "view": "local",
    "op": "Softsign.apply",
    "line": "train.py:31",
    "source": "x = Softsign.apply(self.fc1(x))",
    "step": 1,
    "call": 7,
    "tensor": "input 0",
    "shape": [32, 16],
    "dtype": "float32",
    "index": [3, 11],
    "ours": -0.0034172509,
    "torch": -0.0021953117,
    "delta": 0.0012219392,
    "ulp": 5247885,
    "kappa": 21842.7,
    "inputs": [
        {"name": "x", "shape": [32, 16], "dtype": "float32", "agrees": True, "sample": [0.5563, -1.2071, 0.0312]},
        {
            "name": "gradient",
            "shape": [32, 16],
            "dtype": "float32",
            "agrees": True,
            "sample": [-0.0053187, 0.0021, 1e-05],
        },
    ],
    "causes": ["the reference is ours times 1 − |y|: a factor is forgotten"],
    "times": 1000,
}


def report(steps=1000, parameters=PARAMETERS, outputs=OUTPUTS, differs_from=None, seed=0):
    """A run that agrees, or one that differs from some step on."""
    draw = random.Random(seed)
    findings = (
        []
        if differs_from is None
        else [FINDING | {"step": differs_from, "call": (differs_from - 1) * len(outputs) + 7}]
    )
    if findings:
        late = {
            "what": "parameter",
            "op": "Adam.step",
            "line": "train.py:52",
            "tensor": "fc1.weight",
            "kappa": 311.2,
            "causes": [],
        }
        findings += [findings[0] | late | {"call": findings[0]["call"] + 12, "times": 412, "delta": 3.1e-5}]
    first = findings[0] if findings else None
    verdict = (
        f"Softsign.apply at train.py:31, step {differs_from}: its gradient for input 0 differs at [3, 11]: ours is"
        f" {FINDING['ours']!r}, torch’s {FINDING['torch']!r} (|Δ| = 0.00122, κ = 2.18e+04)."
        if first
        else f"No operation differs: {17 * steps} outputs, {14 * steps} gradients and {10 * steps} updates in {steps} steps agree."
    )
    return {
        "script": "train.py",
        "arguments": ["--lr", "0.01"],
        "versions": {"tinygrad_edu": "0.5.0", "torch": "2.13.0+cpu", "numpy": "2.4.2"},
        "agrees": not findings,
        "verdict": verdict,
        "seconds": {"local": 61.2, "free": 9.8},
        "source": SCRIPT.splitlines(),
        "findings": findings,
        "steps": [step(n, parameters, outputs, differs_from, draw) for n in range(1, steps + 1)],
        "compared": {"outputs": 17 * steps, "gradients": 14 * steps, "updates": 10 * steps, "unmatched": 0},
        "printed": {"agree": not findings, "first": [3, "200 0.4183", "200 0.4171"] if findings else None},
    }


def step(n, parameters, outputs, differs_from, draw):
    wrong = differs_from is not None and n >= differs_from
    loss = 0.08 + 0.62 * math.exp(-n / 180) + draw.gauss(0, 0.02) * math.exp(-n / 900)
    off = (
        0.05 * (1 - math.exp(-(n - differs_from) / 120)) * draw.uniform(0.8, 1.2)
        if wrong
        else draw.choice([0, 0, 6e-8])
    )
    kappa = {name: draw.lognormvariate(-0.3, 0.6) for name in parameters}
    if wrong:
        kappa |= {name: 900 * draw.lognormvariate(0, 0.5) for name in parameters[:2]}
    grown = 0.3 * (1 - math.exp(-(n - differs_from) / 200)) if wrong else 4e-9 * n**0.7
    drift = {name: grown * draw.uniform(0.7, 1.3) * (1 + i / 7) for i, name in enumerate(parameters)}
    calls = []
    for i, (line, op, shape) in enumerate(outputs, 1):
        judged, bad = shape is not None, wrong and op == "Softsign.apply"
        flows = judged and line not in (47, 48) and "getitem" not in op
        numbers = (draw.choice([0, 1, 2, 3]) * 5.96e-8, draw.lognormvariate(-1, 0.7)) if judged else (None, None)
        gradients = (draw.lognormvariate(-19, 1), draw.lognormvariate(-1, 0.7)) if flows else (None, None)
        gradients = (FINDING["delta"], FINDING["kappa"] * draw.uniform(0.5, 1)) if bad else gradients
        verdict = "DIFFER" if bad else "agree" if judged else "not compared"
        number = (n - 1) * len(outputs) + i
        calls.append(
            [number, f"train.py:{line}", op, shape, "float32" if judged else "", *numbers, *gradients, verdict]
        )
    return {"step": n, "loss": [loss + off, loss], "kappa": kappa, "drift": drift, "calls": calls}
