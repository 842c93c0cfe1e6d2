"""Train in torch, and at each step ask every judge about our gradients: as they are, and with an error planted."""

from dataclasses import dataclass, field, replace
from itertools import product, zip_longest

import numpy as np

import tinygrad_edu
from tinygrad_edu.testing.judge import KAPPA, kappas, ulps
from tinygrad_edu.testing.rounding import spread
from tinygrad_edu.testing.updates import terms
from tinygrad_edu.thread import Watcher, watching

from .. import environment
from ..cases import CASES, Options
from ..twin import Twin
from .worst_case import worst_case

ERROR = 1e-4

MODELS = [
    *(Options(batch_size=batch) for batch in (32, 1000)),
    *(
        Options(model="mlp", depth=depth, width=width, activation=activation, batch_size=batch)
        for depth, width, activation, batch in (
            *product((2, 4, 8), (16,), ("relu", "tanh", "sigmoid"), (32, 1000)),
            *product((4,), (32, 64), ("relu", "tanh"), (32,)),
        )
    ),
    *(
        Options(data="breast-cancer", model=model, optimizer=optimizer)
        for model, optimizer in product(("perceptron", "mlp"), ("adam", "adamw", "sgd"))
    ),
]


class Planted(Watcher):
    """The watcher that makes one rule wrong: what it gives is multiplied by 1 + ERROR."""

    def __init__(self, rule):
        self.rule = rule

    def backward(self, node, g, parts):
        wrong = 1 + np.asarray(ERROR, node.dtype)
        return [part * wrong if name == self.rule else part for name, part in applied(node, parts)]


class Rules(Watcher):
    """The watcher that lists the rules that a step applies."""

    def __init__(self):
        self.seen = {}

    def backward(self, node, g, parts):
        self.seen |= dict(applied(node, parts))
        return parts


def applied(node, parts):
    """(rule, what it gave) for each input of a node, with one name for those of a list; the rule is None where nobody asked."""
    for name, part in zip_longest(node.op.inputs, parts, fillvalue=node.op.inputs[-1]):
        yield (None if part is None else f"{node.op.name}.d{name}"), part


@dataclass
class Found:
    """What one training showed, a number for each step."""

    options: Options
    honest: list[float] = field(default_factory=list)  # the largest κ
    planted: dict[str, list[float]] = field(default_factory=dict)  # ... by the rule that is wrong
    caught: dict[str, tuple[int, str]] = field(
        default_factory=dict
    )  # ... the first step over the limit, and the tensor
    update: list[float] = field(default_factory=list)  # the optimizer's largest |Δ| / (eps Σ |terms|)
    judges: dict[str, list[tuple[float, float]]] = field(default_factory=dict)  # what each says of both gradients


def training(options, steps):
    """Train in torch for so many steps, and find out what each judge says of each."""
    torch = environment.load("torch", "parity")
    torch.set_num_threads(1)
    options = CASES[options.data].complete(replace(options, dtype="float32", steps=steps))
    ours, reference = (Twin(engine, CASES[options.data], options) for engine in (tinygrad_edu, torch))
    found = Found(options)
    while batch := reference.next_batch():
        ours.load(reference.state())
        honest, sigma = spread(lambda: ours.backward(*batch))
        theirs = reference.backward(*batch)
        found.honest.append(largest(honest, theirs, sigma)[0])
        with watching(Rules()) as rules:
            ours.backward(*batch)
        for rule in rules.seen.keys() - {None}:
            with watching(Planted(rule)):
                wrong = ours.backward(*batch)
            kappa, tensor = largest(wrong, theirs, sigma)
            found.planted.setdefault(rule, []).append(kappa)
            if kappa > KAPPA:
                found.caught.setdefault(rule, (len(found.honest), tensor))
            if rule == "linear.dw":
                for judge, score in judges(options, reference, batch, sigma).items():
                    found.judges.setdefault(judge, []).append((score(honest, theirs), score(wrong, theirs)))
        state = reference.state()
        mine, size = terms(ours.update, state)
        found.update.append(largest(mine, reference.update(state), size)[0])
        reference.case.losses.append(float(theirs["loss", "loss"]))
    return found


def largest(ours, theirs, sigma):
    """The largest κ, and the tensor that has it."""
    return max((float(kappas(a, theirs[key], sigma[key]).max()), " ".join(key)) for key, a in ours.items())


def judges(options, reference, batch, sigma):
    """The judge and those that people use instead: each a function of our gradients and torch's that gives a score."""
    weights = [a.astype(np.float64) for a in reference.parameters().values()]
    bounds = worst_case(weights, options.activation or "relu", *(a.astype(np.float64) for a in batch))
    bounds = dict(zip(reference.gradients(), bounds))

    def score(of):
        return lambda ours, theirs: max(of(ours[key], theirs[key], key) for key in bounds)

    def within(bound):
        return score(lambda a, b, key: float(kappas(a, b, bound(np.abs(b), key)).max()))

    return {
        "κ": within(lambda size, key: sigma[key]),
        "allclose": within(lambda size, key: 1e-5 + 1.3e-6 * size),
        "relative": within(lambda size, key: 1.3e-6 * size),
        "ULP": score(lambda a, b, key: ulps(a, b)),
        "worst case": within(lambda size, key: bounds[key]),
    }
