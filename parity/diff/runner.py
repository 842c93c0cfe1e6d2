"""Runs both views of a script, and makes one report of them."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import tinygrad_edu

VIEWS = ("local", "free")


class Failed(Exception):
    """The comparison itself could not be made; the message says why."""


def diff(script, arguments=(), *, stochastic=True, trusted=(), watch=lambda view, step, loss: None):
    """Compare what the script does in both engines: the report, as a dict. `watch` is called after each step of each view.

    `stochastic`: measure what rounding can do where a difference is not plainly rounding; without it bounds are wider.
    `trusted`: names of Functions whose backward is meant not to be the derivative of their forward."""
    script = str(script)
    with TemporaryDirectory() as folder:
        found = {view: run(view, script, arguments, stochastic, trusted, Path(folder) / view, watch) for view in VIEWS}
        printed = compared_lines(*(Path(folder, f"free.{engine}") for engine in ("ours", "torch")))
    local, free = (found[view] for view in VIEWS)
    findings = local["findings"] + [finding for finding in free["findings"] if not local["findings"]]
    return {
        "script": os.path.basename(script),
        "arguments": list(arguments),
        "versions": {"tinygrad_edu": tinygrad_edu.__version__, "torch": local["torch"], "numpy": local["numpy"]},
        "agrees": not findings,
        "verdict": verdict(findings, local),
        "seconds": {view: found[view]["seconds"] for view in VIEWS},
        "source": Path(script).read_text(encoding="utf-8").splitlines(),
        "findings": findings,
        "steps": joined(local["steps"], free["steps"]),
        "compared": local["compared"],
        "printed": printed,
        "error": local["error"],
    }


def run(view, script, arguments, stochastic, trusted, outputs, watch):
    """One view, in a process of its own, which starts the reference's."""
    start = perf_counter()
    reader, writer = os.pipe()
    command = [
        "-m",
        "parity.diff.ours",
        str(writer),
        view,
        str(stochastic),
        ",".join(trusted),
        str(outputs),
        script,
        *arguments,
    ]
    with open(f"{outputs}.complaints", "w+b") as complaints:
        process = subprocess.Popen(
            [sys.executable, *command],
            pass_fds=(writer,),
            stdin=subprocess.DEVNULL,
            stderr=complaints,
            env=surroundings(),
        )
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            for kind, *rest in messages(pipe):
                if kind == "step":
                    watch(view, *rest)
                else:
                    process.wait()
                    return rest[0] | {"seconds": perf_counter() - start}
        process.wait()
        complaints.seek(0)
        said = complaints.read().decode(errors="replace").strip() or "it ended without a word"
    raise Failed(f"the {view} view of {script} could not be made:\n{said}")


def surroundings():
    """Where both processes find this package and tinygrad_edu, and one thread for each."""
    path = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return threads | os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}


def messages(pipe):
    while True:
        try:
            yield pickle.load(pipe)
        except EOFError:
            return


def joined(local, free):
    """The steps: losses and drift as the engines ran by themselves, κ and calls from where they were held together."""
    steps = [dict(step) for step in local]
    for step, alone in zip(steps, free):
        step |= {"loss": alone["loss"], "drift": alone["drift"]}
    return steps


def compared_lines(ours, theirs):
    """Whether both printed the same; else the first line that differs, as [number, ours, torch's]."""
    a, b = ([*path.read_text(errors="replace").splitlines(), None] for path in (ours, theirs))
    first = next(([i + 1, x, y] for i, (x, y) in enumerate(zip(a, b)) if x != y), None)
    return {"agree": first is None, "first": first, "lines": len(b) - 1}


def verdict(findings, local):
    """One sentence: agreement, or the first operation that differs."""
    if not findings:
        steps, counts = len(local["steps"]), local["compared"]
        return (
            f"No operation differs: {counts.get('outputs', 0)} outputs, {counts.get('gradients', 0)} gradients and"
            f" {counts.get('updates', 0)} updates in {steps} {'step' if steps == 1 else 'steps'} agree."
        )
    first = findings[0]
    place = f" at {first['line']}" if first["line"] else ""
    what = WORDS.get(first["what"], f"{first['what']} of {first['tensor']}").format(**first)
    return f"{first['op']}{place}, step {first['step']}: {what} differs{numbers(first)}."


WORDS = {
    "output": "its {tensor}",
    "gradient": "its gradient for {tensor}",
    "rule": "the gradient that it gives for {tensor}, from the derivative of forward,",
    "accumulated gradient": "the sum of the gradients that arrived at {tensor}",
    "input": "what it is given as {tensor}",
    "flow": "the course of the script",
    "error": "what the script ended with",
}


def numbers(finding):
    """The worst entry in a few words."""
    if finding["ours"] is None or finding["torch"] is None:
        return f": {finding['why']}" if finding["why"] else ""
    at = f" at {finding['index']}" if finding["index"] else ""
    kappa = "" if finding["kappa"] is None else f", κ = {finding['kappa']:.3g}"
    ours, torch = ("backward gives", "the derivative is") if finding["what"] == "rule" else ("ours is", "torch's")
    return f"{at}: {ours} {finding['ours']!r}, {torch} {finding['torch']!r} (|Δ| = {finding['delta']:.3g}{kappa})"
