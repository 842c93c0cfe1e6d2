"""Run the benchmarks and print a table of them."""

import argparse
import json
import platform

import numpy as np

from . import conv, draws, judge, memory, ops, startup
from .race import MODULES, check, engines, module, race
from .workloads import WORKLOADS

NAMES = (*WORKLOADS, *draws.TARGETS, "conv", "ops", "import")
NOTE = """
ours, clean, extreme: time / torch's, the median of {rounds} rounds in which the engines take turns [and quartiles].
clean and extreme are the same by hand in NumPy: plainly, and with every trick. One thread.
Peak memory: how far a process grows over the built model, a first step's one-time costs left out."""


def arguments():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="workload", help=f"of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--rounds", type=int, default=25, help="how often each engine has its turn (default: 25)")
    parser.add_argument("--quick", action="store_true", help="5 rounds, and without d100k")
    parser.add_argument("--json", metavar="FILE", help="write all results there")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(NAMES):
        parser.error(f"no such workload: {', '.join(sorted(unknown))}")
    chosen.names = chosen.names or [name for name in NAMES if not (chosen.quick and name == "d100k")]
    chosen.rounds = 5 if chosen.quick else chosen.rounds
    return chosen


def measured(workload, rounds):
    """By engine: the median time of a step in seconds, and quartiles of its ratio to torch's."""
    builds = engines(workload)
    check(builds)
    times = race(builds, rounds)
    results = {name: {"seconds": float(np.median(spent))} for name, spent in times.items()}
    for name in times if "torch" in times else ():
        ratios = np.divide(times[name], times["torch"])
        results[name]["ratio"] = [float(q) for q in np.quantile(ratios, (0.25, 0.5, 0.75))]
    return results


def heading(results):
    ratios = f"{'ours':>6}{'':15}{'target':11}{'clean':>6}{'extreme':>8}" if "torch" in results else ""
    return " " * 41 + ratios + "".join(f"{name + ' µs':>12}" for name in results)


def row(name, workload, results):
    cells = f"{name:9}{workload.what:32}"
    if "torch" in results:
        low, ratio, high = results["ours"]["ratio"]
        target = f"{workload.target:.2f} {verdict(ratio, workload.target)}" if workload.target else ""
        cells += f"{ratio:6.2f} [{low:.2f}, {high:.2f}]  {target:11}"
        by_hand = {"clean": 6, "extreme": 8}
        cells += "".join(
            f"{results[hand]['ratio'][1]:{width}.2f}" if hand in results else " " * width
            for hand, width in by_hand.items()
        )
    return cells + "".join(f"{1e6 * result['seconds']:12,.0f}" for result in results.values())


def verdict(value, target):
    return "met" if value <= target else "MISSED"


def listed(ratios):
    """Print the ops one by one, as they are timed, and return them."""
    print(f"\n{'op, a million float32':24}{'forward / NumPy':>16}{'both / torch':>16}")
    found = {}
    for name, forward, both in ratios:
        late = forward > ops.FORWARD or (name not in ops.OVER and both is not None and both > ops.BOTH)
        told = "" if both is None else f"{both:.2f}"
        print(f"{name:24}{forward:16.2f}{told:>16}{'  MISSED' if late else ''}", flush=True)
        found[name] = {"forward": forward, "both": both}
    return found


def main():
    chosen = arguments()
    versions = {engine: f"{module(engine).__name__} {module(engine).__version__}" for engine in MODULES}
    versions |= {"numpy": f"NumPy {np.__version__}", "python": f"Python {platform.python_version()}"}
    print(*versions.values(), platform.machine(), sep=", ", end="\n\n")

    everything = {}
    workloads = {name: WORKLOADS[name] for name in chosen.names if name in WORKLOADS}
    for name, workload in workloads.items():
        everything[name] = measured(workload, chosen.rounds)
        if len(everything) == 1:
            print(heading(everything[name]))
        print(row(name, workload, everything[name]), flush=True)
    print()
    for name in (name for name, workload in workloads.items() if workload.memory):
        peaks = everything[name]["memory"] = {engine: memory.peak(name, engine) for engine in MODULES}
        told = ", ".join(f"{engine} {mb:.1f} MB" for engine, mb in peaks.items())
        print(f"{name:6}peak memory: {told}", verdict(peaks["ours"], peaks["torch"]) if "torch" in peaks else "")
    for name in (name for name, workload in workloads.items() if workload.judged):
        first, second = everything[name]["judge"] = judge.costs(name, chosen.rounds)
        told = f"{first + second:.0f} of our steps, {first:.0f} of them for the gradients"
        print(f"{name:6}judging a step: {told}", verdict(first + second, judge.TARGET))
    for name in (name for name in chosen.names if name in draws.TARGETS):
        everything[name] = seconds = draws.draws(name, chosen.rounds)
        told = ", ".join(f"{engine} {1e3 * spent:.1f} ms" for engine, spent in seconds.items())
        ratio = seconds["ours"] / seconds["torch"] if "torch" in seconds else None
        print(
            f"{name:6}a million numbers: {told}",
            f"({ratio:.1f}) {verdict(ratio, draws.TARGETS[name])}" if ratio else "",
        )
    if "import" in chosen.names:
        everything["import"] = seconds = startup.startup(chosen.rounds)
        ratio = seconds["ours"] / seconds["numpy"]
        told = f"NumPy {1e3 * seconds['numpy']:.0f} ms, ours {1e3 * seconds['ours']:.0f} ms"
        print(f"import {told} ({ratio:.2f})", verdict(ratio, startup.TARGET))
    if "conv" in chosen.names:
        everything["conv"] = conv.listed(max(5, chosen.rounds // 2))
    if "ops" in chosen.names:
        everything["ops"] = listed(ops.ratios(max(5, chosen.rounds // 5)))
    print(NOTE.format(rounds=chosen.rounds) if "torch" in MODULES else "torch is not installed: times only.")

    if chosen.json:
        with open(chosen.json, "w") as file:
            json.dump({"versions": versions, "rounds": chosen.rounds, "workloads": everything}, file, indent=2)


if __name__ == "__main__":
    main()
