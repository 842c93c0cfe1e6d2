"""training_loops: whole trainings, made up by Hypothesis, that run in two engines and print as a script which does so."""

from textwrap import indent
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from .beside import Record
from .models import Model, lines, modules
from .recipes import CLIPS, Criterion, criteria, optimizers, schedulers


class TrainingLoop(NamedTuple):
    """A training of a few steps. What it is, is its text; and that is what is run, and what the script runs."""

    model: Model
    criterion: Criterion
    optimizer: str
    scheduler: tuple[str, str] | None
    clip: str | None
    batches: int  # whose gradients are accumulated in each step
    evaluates: bool
    steps: int
    seed: int

    @property
    def source(self) -> str:
        """`def train(torch, record): ...`, which trains in the engine `torch` and tells `record` what it came to."""
        setting, schedule = self.scheduler or ("", "")
        draw = [f"x = torch.from_numpy({self.model.batch})", f"y = torch.from_numpy({self.criterion.target})"]
        half = [*draw, "out = model(x)", f"loss = criterion({self.criterion.out}, y)", "loss.backward()"]
        half += ["record.outputs(out=out, loss=loss)"]
        if self.batches > 1:
            half = [f"for _ in range({self.batches}):", *(f"    {line}" for line in half)]
        step = ["optimizer.zero_grad()", *half, self.clip, "record.gradients(model)", "optimizer.step()", schedule]
        step += ["record.update(model, optimizer)"]
        if self.evaluates:
            step += ["model.eval()", "with torch.no_grad():", "    record.outputs(evaluated=model(x))", "model.train()"]
        return "def train(torch, record):\n" + indent(
            lines("nn = torch.nn", "")
            + f"{self.model.source}\n"
            + lines(
                f"torch.manual_seed({self.seed})",
                f"rng = np.random.default_rng({self.seed})",
                "model = Model().double()",
                f"criterion = {self.criterion.made}",
                f"optimizer = {self.optimizer}",
                *[setting] * bool(setting),
                "record.start(model)",
                f"for _ in range({self.steps}):",
                *(f"    {line}" for line in step if line),
            ),
            " " * 4,
        )

    def run(self, torch: Any) -> dict[tuple[int, str, str], np.ndarray]:
        """Train in the engine `torch`: all that it computes as arrays by (step, quantity, tensor), as it came to be."""
        names: dict[str, Any] = {"np": np}
        exec(self.source, names)
        return Record().of(names["train"], torch)

    def script(self, engine: str = "tinygrad_edu") -> str:
        """A program that trains in torch and in the engine of that name: it exits 1 if they differ, and says where."""
        return (
            '"""Trains in torch and beside it; says what differs first, and exits 1 if anything does."""\n\n'
            "import sys\n\nimport numpy as np\nimport torch\n\n"
            f"import {engine} as engine\n"
            "from tinygrad_edu.testing.beside import compare\n\n\n"
            f"{self.source}\n\n"
            "sys.exit(compare(train, engine, torch))\n"
        )

    def __repr__(self) -> str:
        return self.script()


@st.composite
def loops(draw, max_steps, **of_model):
    model = draw(modules(**of_model))
    return TrainingLoop(
        model,
        draw(criteria(model.out)),
        draw(optimizers()),
        draw(schedulers()),
        draw(st.none() | st.sampled_from(CLIPS)),
        draw(st.integers(1, 2)),
        draw(st.booleans()),
        draw(st.integers(1, max_steps)),
        draw(st.integers(0, 100)),
    )


def training_loops(
    kind: str | None = None, *, max_layers: int = 4, max_steps: int = 5
) -> st.SearchStrategy[TrainingLoop]:
    """Whole trainings: a model of `modules`, a loss that fits it, an optimizer, now and then a schedule and more, a seed.

    `loop.run(torch)` trains in any engine that has torch's names, in float64, and gives what it computed, and
    `tinygrad_edu.testing.beside.difference` compares two of these; `loop.script()` is a program that does both.

    >>> import tinygrad_edu as tg
    >>> from hypothesis import given, settings
    >>> from tinygrad_edu.testing.beside import difference
    >>> @settings(max_examples=5, deadline=None)
    ... @given(tg.testing.training_loops())
    ... def test(loop):
    ...     assert difference(loop.run(tg), loop.run(tg)) is None  # with torch for one of them, a test worth having
    >>> test()
    """
    return loops(max_steps, kind=kind, max_layers=max_layers)
