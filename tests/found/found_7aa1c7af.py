"""PyTorch and tinygrad_edu run one program. Prints the first thing that differs; the exit status is 1 if anything does."""

import sys

import numpy as np
import tinygrad_edu
import torch


def program(torch):
    a = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    with torch.no_grad():
        b = a.reshape((1,))
    b.backward()
    return locals()


LOOSE = {'float16': 0.01, 'float32': 1e-05, 'float64': 1e-12}


def outcome(torch):
    """What is left in the end: (name, numbers, gradient, requires_grad) of each tensor; or the error."""
    try:
        with torch.enable_grad():
            found = program(torch)
    except Exception as error:
        return {"error": type(error).__name__}
    seen = {}
    for name, x in found.items():
        if isinstance(x, torch.Tensor):
            seen[name] = x.detach().numpy()
            seen[name + ".requires_grad"] = np.array(x.requires_grad)
    for name in ['a']:
        g = found[name].grad
        seen[name + ".grad"] = g if g is None else g.detach().numpy()
    return seen


def same(a, b):
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return type(a) is type(b) and a == b
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    if a.dtype.kind != "f":
        return np.array_equal(a, b)
    close = max(LOOSE.get(x.dtype.name, 0) for x in torchs.values() if isinstance(x, np.ndarray)) * np.abs(b).max(initial=0)
    return np.allclose(a, b, rtol=0, atol=close, equal_nan=True)


ours, torchs = outcome(tinygrad_edu), outcome(torch)
for name in dict.fromkeys(["error", *torchs, *ours]):
    a, b = ours.get(name), torchs.get(name)
    if not same(a, b):
        print(f"{name} differs\ntinygrad_edu: {a!r}\ntorch:        {b!r}")
        sys.exit(1)
print("no difference")
