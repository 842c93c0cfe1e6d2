"""Peak memory of a workload under one engine, measured in a process of its own: `python -m benchmarks.memory c ours`.

It is the growth of the process's resident memory, at its highest, over what it was with model and data built. The
workload runs once beforehand and is dropped, so that what an engine loads or sets up only once does not count.
"""

import ctypes
import gc
import re
import subprocess
import sys
from pathlib import Path

from .race import engines
from .workloads import WORKLOADS


def status(field):
    """A line of /proc/self/status, in MB."""
    return int(re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024


def growth(build, steps=3):
    """MB of the peak over the built model."""
    build()[0]()
    step, _ = build()
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what was freed, but not yet given back, would hide the growth
    before = status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts from here
    for _ in range(steps):
        step()
    return status("VmHWM") - before


def peak(name, engine):
    """MB that `engine` needs for the workload of this name."""
    command = [sys.executable, "-m", "benchmarks.memory", name, engine]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    name, engine = sys.argv[1:]
    print(growth(engines(WORKLOADS[name])[engine]))
