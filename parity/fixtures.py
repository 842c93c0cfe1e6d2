"""What the pytest plugin's fixtures do: a function, or a module, run in two engines and judged; the report of it all."""

import json
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pytest

import tinygrad_edu
from tinygrad_edu.explain import html
from tinygrad_edu.testing.beside import difference
from tinygrad_edu.testing.gradients import assert_gradients
from tinygrad_edu.testing.judge import ALGEBRA, distance, kappas, ulps
from tinygrad_edu.testing.rounding import spread


class Gradcheck:
    """The fixture gradcheck."""

    def __init__(self, note):
        self.note = note

    def __call__(self, f, *inputs, **options):
        __tracebackhide__ = True  # pytest shows the test's own line
        try:
            assert_gradients(f, *inputs, **options)
        except AssertionError as error:
            self.note(found("gradcheck", "differs", text=str(error)))
            raise
        self.note(found("gradcheck", "agrees"))


class Parity:
    """The fixture parity."""

    def __init__(self, note):
        self.note = note

    @cached_property
    def torch(self):
        try:
            import torch
        except ImportError as error:
            reason = f'the fixture parity needs torch, which cannot be imported ({error}): pip install "tinygrad_edu[parity]"'
            self.note(found("parity", "skipped", text=reason))
            pytest.skip(reason)
        return torch

    def __call__(self, f, *arrays, engine=tinygrad_edu):
        """f(torch, *tensors) and its gradients with respect to all inputs of floats agree."""
        __tracebackhide__ = True
        self.judge(lambda torch: Side(torch, arrays).call(f), engine, arrays)

    def module(self, make, *arrays, engine=tinygrad_edu):
        """The module make(torch), seeded with 0: its weights to begin with, its outputs, gradients and buffers agree."""
        __tracebackhide__ = True
        self.judge(lambda torch: Side(torch, arrays).module(make), engine, arrays)

    def judge(self, run, engine, arrays):
        __tracebackhide__ = True
        theirs = run(self.torch)
        try:
            ours = run(engine)
        except Exception as error:
            text = f"{engine.__name__} raises {type(error).__name__} where torch gives a result: {error}"
            self.note(found("parity", "differs", text=text))
            raise AssertionError(text) from error
        sigma = cache(lambda: spread(lambda: run(tinygrad_edu))[1])
        exact = all(a.dtype == np.float64 for a in map(np.asarray, arrays) if a.dtype.kind == "f")
        differs = difference(ours, theirs, sigma, ALGEBRA if exact else 0.0)
        text = f"{engine.__name__} and torch differ first in {place(differs)}: {differs.told}" if differs else ""
        self.note(found("parity", "differs" if differs else "agrees", **worst(ours, theirs, sigma, exact), text=text))
        if differs:
            raise AssertionError(text)


def place(differs):
    """Of ("output", ""), "the output"; of ("gradient", "input 0"), "the gradient of input 0"."""
    return f"the {differs.quantity}{f' of {differs.tensor}' * bool(differs.tensor)}"


class Side:
    """One engine, and the inputs there: all that it computes, as arrays by (step, quantity, tensor)."""

    def __init__(self, torch, arrays):
        self.torch, self.arrays = torch, {}
        self.inputs = [torch.tensor(np.array(a)) for a in arrays]
        self.floats = {f"input {i}": x for i, x in enumerate(self.inputs) if np.asarray(arrays[i]).dtype.kind == "f"}
        for x in self.floats.values():
            x.requires_grad_()

    def call(self, f):
        self.seed()
        return self.judged(f(self.torch, *self.inputs), self.floats)

    def module(self, make):
        self.seed()
        module = make(self.torch)
        for x in self.floats.values():
            module = module.to(x.dtype)
        self.keep(0, "initial state", module.state_dict())
        self.judged(module(*self.inputs), self.floats | dict(module.named_parameters()))
        self.keep(1, "buffer", dict(module.named_buffers()))
        return self.arrays

    def seed(self):
        """Both engines draw the same, where they draw."""
        if hasattr(self.torch, "manual_seed"):
            self.torch.manual_seed(0)

    def judged(self, result, leaves):
        """The outputs; and the gradients of their sum, in which each number has a weight of its own."""
        outputs = dict(tensors(result))
        self.keep(1, "output", outputs)
        losses = [(out * self.weights(out)).sum() for out in outputs.values() if getattr(out, "requires_grad", False)]
        if losses:
            sum(losses[1:], losses[0]).backward()
        self.keep(1, "gradient", {name: x.grad for name, x in leaves.items() if x.grad is not None})
        return self.arrays

    def weights(self, out):
        count = np.arange(1, array(out).size + 1)
        return self.torch.tensor(np.cos(count).reshape(tuple(out.shape)).astype(array(out).dtype))

    def keep(self, step, quantity, named):
        self.arrays |= {(step, quantity, name): array(t).copy() for name, t in named.items()}


def array(tensor):
    return np.asarray(tensor.detach() if hasattr(tensor, "detach") else tensor)


def tensors(result, path=""):
    """The tensors and numbers in lists, tuples and dicts, by the path to them."""
    if isinstance(result, (Mapping, list, tuple)):
        items = result.items() if isinstance(result, Mapping) else enumerate(result)
        return [found for key, it in items for found in tensors(it, f"{path}[{key!r}]")]
    return [] if result is None else [(path, result)]


# ------------------------------------------------------------------ the report


def found(fixture, verdict, delta=None, ulp=None, kappa=None, text=""):
    """One use of a fixture."""
    return {"fixture": fixture, "verdict": verdict, "delta": delta, "ulp": ulp, "kappa": kappa, "text": text}


def worst(ours, theirs, sigma, exact):
    """The largest |Δ| and ULP of all floats that both have; and κ, but where float64 was judged by its scale."""
    pairs = [(key, ours[key], b) for key, b in theirs.items() if key in ours and b.dtype.kind == "f"]
    pairs = [(key, a, b) for key, a, b in pairs if a.shape == b.shape and a.dtype == b.dtype]
    kappa = [
        kappas(a, b, sigma()[key]).max(initial=0) for key, a, b in pairs if a.tobytes() != b.tobytes() and not exact
    ]
    return {
        "delta": max((distance(a, b) for _, a, b in pairs), default=0.0),
        "ulp": max((ulps(a, b) for _, a, b in pairs), default=0),
        "kappa": None if exact else float(max(kappa, default=0.0)),
    }


def summary(uses):
    """The whole report."""
    try:
        torch = version("torch")
    except PackageNotFoundError:
        torch = None
    differ = sum(use["verdict"] == "differs" for use in uses)
    judged = sum(use["verdict"] != "skipped" for use in uses)
    return {
        "versions": {"tinygrad_edu": tinygrad_edu.__version__, "torch": torch},
        "agrees": not differ,
        "verdict": f"{differ} of {judged} comparisons differ" if differ else f"all {judged} comparisons agree",
        "uses": uses,
    }


NUMBERS = ("delta", "ulp", "kappa")
COLUMNS = ("test", "fixture", "verdict", "|Δ|", "ULP", "κ", "what differs first")


def as_json(told):
    uses = [use | {name: html.plain(use[name], digits=17) for name in NUMBERS} for use in told["uses"]]
    return json.dumps(told | {"uses": uses}, indent=1, ensure_ascii=False)


def as_html(told):
    rows = [
        [use["test"], use["fixture"], use["verdict"], *(html.number(use[name]) for name in NUMBERS), use["text"]]
        for use in sorted(told["uses"], key=lambda use: use["verdict"] != "differs")
    ]
    versions = html.facts((name, of or "not installed") for name, of in told["versions"].items())
    table = html.table(COLUMNS, rows, caption="Each use of a fixture, failures first", numeric=COLUMNS[3:6])
    return html.document("Parity report", html.element("h1", told["verdict"]), versions, table)
