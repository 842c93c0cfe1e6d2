"""How long `import tinygrad_edu` takes beside `import numpy`, each in a process of its own."""

import subprocess
import sys
from time import perf_counter

import numpy as np

TARGET = 1.6  # times NumPy's time


def seconds(program):
    start = perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return perf_counter() - start


def startup(rounds):
    """Seconds that each import adds to a process that imports nothing: the medians of rounds in which they take turns."""
    programs = {"nothing": "pass", "numpy": "import numpy", "ours": "import tinygrad_edu"}
    times = [[seconds(program) for program in programs.values()] for _ in range(rounds)]
    nothing, *others = np.median(times, 0)
    return {name: float(spent - nothing) for name, spent in zip(("numpy", "ours"), others)}
