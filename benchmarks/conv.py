"""Convolution and pooling beside torch's, on LeNet's layers and on one of a larger net's: forward, and with the gradients."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from .race import MODULES, module, race


@dataclass(frozen=True)
class Layer:
    """A function of the module `torch`, of x and of weights; and how much of torch's time we allow ourselves, in all."""

    function: Callable
    x: tuple
    weights: tuple = ()
    target: float = 1.5
    first: bool = False  # whether x is the net's input, which wants no gradient


def conv(padding=0):
    return lambda torch, x, w, b: torch.nn.functional.conv2d(x, w, b, padding=padding)


def max_pool(torch, x):
    return torch.nn.functional.max_pool2d(x, 2)


def avg_pool(torch, x):
    return torch.nn.functional.avg_pool2d(x, 2)


LAYERS = {
    "conv 1x28x28 -> 6@5x5, batch 64": Layer(conv(), (64, 1, 28, 28), ((6, 1, 5, 5), (6,)), first=True),
    "conv 6x12x12 -> 16@5x5, batch 64": Layer(conv(), (64, 6, 12, 12), ((16, 6, 5, 5), (16,))),
    "conv 64x32x32 -> 64@3x3, batch 16": Layer(conv(padding=1), (16, 64, 32, 32), ((64, 64, 3, 3), (64,))),
    "max_pool 2x2 of 6x24x24, batch 64": Layer(max_pool, (64, 6, 24, 24), target=2),
    "max_pool 2x2 of 16x8x8, batch 64": Layer(max_pool, (64, 16, 8, 8), target=2),
    "max_pool 2x2 of 64x32x32, batch 16": Layer(max_pool, (16, 64, 32, 32), target=2),
    "avg_pool 2x2 of 6x24x24, batch 64": Layer(avg_pool, (64, 6, 24, 24), target=2),
}


def turns(layer, engine):
    """Forward alone, and forward and backward, as functions of nothing; and the result and gradients of one step."""
    torch, rng = module(engine), np.random.default_rng(0)
    arrays = [rng.standard_normal(shape, np.float32) for shape in (layer.x, *layer.weights)]
    inputs = [torch.tensor(a, requires_grad=i > 0 or not layer.first) for i, a in enumerate(arrays)]
    leaves = [t for t in inputs if t.requires_grad]
    g = torch.ones_like(layer.function(torch, *inputs).detach())

    def forward():
        with torch.no_grad():
            return layer.function(torch, *inputs)

    def both():
        return torch.autograd.grad(layer.function(torch, *inputs), leaves, g)

    return forward, both, [t.numpy() for t in (forward(), *both())]


def ratios(rounds):
    """(layer, forward / torch's, forward and backward / torch's, target): the medians of the rounds."""
    for name, layer in LAYERS.items():
        of = {engine: turns(layer, engine) for engine in MODULES}
        for ours, theirs in zip(of["ours"][2], of["torch"][2], strict=True):
            assert np.linalg.norm(ours - theirs) < 1e-5 * np.linalg.norm(theirs), name
        found = []
        for which in range(2):
            times = race({engine: partial(turn, of[engine][which]) for engine in of}, rounds)
            found.append(float(np.median(np.divide(times["ours"], times["torch"]))))
        yield name, *found, layer.target


def turn(function):
    return function, None


def listed(rounds):
    """Print the layers one by one, as they are timed, and return them."""
    print(f"\n{'layer, time / torch':38}{'forward':>10}{'both':>10}")
    found = {}
    for name, forward, both, target in ratios(rounds) if "torch" in MODULES else ():
        print(f"{name:38}{forward:10.2f}{both:10.2f}{'' if both <= target else f'  MISSED {target}'}", flush=True)
        found[name] = {"forward": forward, "both": both, "target": target}
    return found
