"""How fast a million random numbers are drawn: ours, which are torch's to the bit, torch's, and NumPy's own."""

from functools import partial

import numpy as np

from .race import MODULES, module, race

N = 1_000_000
TARGETS = {"rand": 5, "randn": 20}  # times torch's time
NUMPYS = {"rand": "random", "randn": "standard_normal"}


def draws(name, rounds):
    """Seconds per draw of N float32 numbers, by engine: the median of so many rounds in which they take turns."""
    turns = {engine: partial(getattr(module(engine), name), N) for engine in MODULES}
    turns["numpy"] = partial(getattr(np.random.default_rng(0), NUMPYS[name]), N, np.float32)
    times = race({engine: lambda turn=turn: (turn, None) for engine, turn in turns.items()}, rounds)
    return {engine: float(np.median(spent)) for engine, spent in times.items()}
