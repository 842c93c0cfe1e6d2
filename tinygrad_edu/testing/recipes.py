"""What a training is made of besides its model: losses that fit an output, optimizers with their options, schedules."""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from .layers import Flow, choice, options


class Criterion(NamedTuple):
    """A loss: how it is made, what it is given for `out`, and how its targets are drawn from `rng`."""

    made: str
    out: str
    target: str


REDUCED = ["sum"]


@st.composite
def criteria(draw, flow: Flow):
    """Losses of outputs of this shape; classes are along axis 1."""
    shape = flow.shape
    real, chance = f"rng.standard_normal({shape})", f"rng.random({shape})"
    sign = f"rng.choice([-1.0, 1.0], {shape})"
    reduced = lambda: options(draw, reduction=REDUCED)[2:]
    plain = [("MSELoss", "out", real), ("L1Loss", "out", real), ("BCEWithLogitsLoss", "out", chance)]
    plain += [("BCELoss", "out.sigmoid()", chance), ("SoftMarginLoss", "out", sign), ("HingeEmbeddingLoss", "out", sign)]
    plain += [("PoissonNLLLoss", "out", chance), ("KLDivLoss", "out.log_softmax(1)", f"{chance} / {shape[1]}")]
    more = [("SmoothL1Loss", "beta", 0.5), ("HuberLoss", "delta", 0.7)]
    made = [st.builds(lambda name, out, y: Criterion(f"{name}({reduced()})", out, y), *map(st.just, it)) for it in plain]
    made += [st.just(Criterion(f"{name}({option}={value})", "out", real)) for name, option, value in more]
    labels = f"rng.integers(0, {shape[1]}, {shape[:1] + shape[2:]})"
    smooth = f"{options(draw, label_smoothing=[0.1], reduction=REDUCED)[2:]}"
    made += [st.just(Criterion(f"CrossEntropyLoss({smooth})", "out", labels))]
    made += [st.just(Criterion(f"NLLLoss({reduced()})", "out.log_softmax(1)", labels))]
    if len(shape) == 2:
        made += [st.just(Criterion(f"MultiMarginLoss({reduced()})", "out", labels))]
    return draw(st.one_of(made))
