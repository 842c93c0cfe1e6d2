"""What a training is made of besides its model: losses that fit an output, optimizers with their options, schedules."""

from typing import NamedTuple

from hypothesis import strategies as st

from .layers import choice, options


class Criterion(NamedTuple):
    """A loss: how it is made, what it is given for `out`, and how its targets are drawn from `rng`."""

    made: str
    out: str
    target: str


def criteria(flow):
    """Losses of outputs of this shape; classes are along axis 1."""
    shape = flow.shape
    real, chance, sign = f"rng.standard_normal({shape})", f"rng.random({shape})", f"rng.choice([-1.0, 1.0], {shape})"
    label = f"rng.integers(0, {shape[1]}, {shape[:1] + shape[2:]})"
    fitting = {
        "MSELoss": ("out", real, {}),
        "CrossEntropyLoss": ("out", label, {"label_smoothing": [0.1], "ignore_index": [0]}),
        "BCEWithLogitsLoss": ("out", chance, {}),
        "BCELoss": ("out.sigmoid()", chance, {}),
        "NLLLoss": ("out.log_softmax(1)", label, {}),
        "L1Loss": ("out", real, {}),
        "SmoothL1Loss": ("out", real, {"beta": [0.5]}),
        "HuberLoss": ("out", real, {"delta": [0.7]}),
        "SoftMarginLoss": ("out", sign, {}),
        "HingeEmbeddingLoss": ("out", sign, {"margin": [0.5]}),
        "PoissonNLLLoss": ("out", chance, {"log_input": [True]}),
        "KLDivLoss": ("out.log_softmax(1)", chance, {"log_target": [True]}),
    }
    if len(shape) == 2:
        fitting["MultiMarginLoss"] = ("out", label, {"p": [2], "margin": [0.5]})
    return st.sampled_from(list(fitting)).flatmap(lambda name: made(name, *fitting[name]))


@st.composite
def made(draw, name, out, target, said):
    if name == "KLDivLoss":  # whose mean torch warns of
        return Criterion(
            f"nn.KLDivLoss(reduction={draw(choice('sum', 'batchmean'))!r}{options(draw, **said)})", out, target
        )
    return Criterion(f"nn.{name}({options(draw, reduction=['sum'], **said)[2:]})", out, target)


# ------------------------------------------------------------------ optimizers

DECAY = {"weight_decay": [0.1]}
# Rprop goes by a gradient's sign alone, and of a gradient that is zero but for rounding, rounding decides it.
ADAM = {"betas": [(0.5, 0.9)], "eps": [0.01], **DECAY}
OPTIMIZERS = {
    "SGD": DECAY | {"momentum": [0.9], "maximize": [True]},
    "Adam": ADAM | {"amsgrad": [True], "maximize": [True]},
    "AdamW": ADAM | {"amsgrad": [True]},
    "RMSprop": DECAY | {"alpha": [0.5], "momentum": [0.9], "centered": [True]},
    "Adagrad": DECAY | {"lr_decay": [0.1], "initial_accumulator_value": [0.1]},
    "Adadelta": DECAY | {"rho": [0.5]},
    "Adamax": ADAM,
    "NAdam": ADAM | {"decoupled_weight_decay": [True]},
    "RAdam": ADAM | {"decoupled_weight_decay": [True]},
    "ASGD": DECAY | {"t0": [1.0]},
}
GROUPS = """[
    {"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 0.05},
    {"params": [p for p in model.parameters() if p.dim() <= 1], "lr": 0.02},
]"""


@st.composite
def optimizers(draw):
    name = draw(st.sampled_from(list(OPTIMIZERS)))
    said = options(draw, **OPTIMIZERS[name])
    if name == "SGD" and "momentum" in said:
        said += options(draw, nesterov=[True]) or options(draw, dampening=[0.5])
    params = draw(choice("model.parameters()", *[GROUPS] * ("weight_decay" in OPTIMIZERS[name])))
    return f"torch.optim.{name}({params}, lr=0.1{said})"


SCHEDULERS = (
    "StepLR(optimizer, 2)",
    "ExponentialLR(optimizer, 0.5)",
    "CosineAnnealingLR(optimizer, 3)",
    "LinearLR(optimizer, 0.5, total_iters=2)",
    "LambdaLR(optimizer, lambda step: 1 / (1 + step))",
    "OneCycleLR(optimizer, 0.2, total_steps=5, cycle_momentum=False)",
    "ReduceLROnPlateau(optimizer, patience=0)",
)


def schedulers():
    """A schedule and its step; neither, half the time."""
    step = lambda text: "scheduler.step(loss.detach())" if "Plateau" in text else "scheduler.step()"
    some = st.sampled_from(SCHEDULERS).map(lambda text: (f"scheduler = torch.optim.lr_scheduler.{text}", step(text)))
    return st.none() | some


CLIPS = (
    "nn.utils.clip_grad_norm_(model.parameters(), 1.0)",
    "nn.utils.clip_grad_norm_(model.parameters(), 0.5, norm_type=1.0)",
    "nn.utils.clip_grad_value_(model.parameters(), 0.1)",
)
