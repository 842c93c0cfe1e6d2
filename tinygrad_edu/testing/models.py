"""modules: whole models, made up by Hypothesis, as the text of the class that a person would have written."""

from collections.abc import Sequence
from textwrap import indent
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from .layers import CLASSES, Flow, Layer, fitting, flows, linear

MORE = st.sampled_from([False, True, True, True])  # whether another layer follows


class Model(NamedTuple):
    """A model for a batch of a given shape: layer after layer. What it is, is its text; and that is what is run."""

    given: Flow
    layers: Sequence[Layer]

    @property
    def out(self) -> Flow:
        """The kind and shape of what the model gives for a batch."""
        return self.layers[-1].out

    @property
    def shape(self) -> tuple[int, ...]:
        return self.given.shape

    @property
    def dtype(self) -> str:
        """What its batches are made of: float64, as its parameters are, or int64, if they are tokens."""
        return "int64" if self.given.kind == "tokens" else "float64"

    @property
    def source(self) -> str:
        """`class Model(nn.Module): ...`"""
        layers = [(layer, f"self.layer{i}") for i, layer in enumerate(self.layers, 1)]
        made = [f"{name} = {layer.made}" for layer, name in layers if layer.made]
        calls = [layer.call.format(layer=name) for layer, name in layers]
        return (
            "class Model(nn.Module):\n"
            "    def __init__(self):\n"
            f"{indent(lines('super().__init__()', *made), ' ' * 8)}\n"
            "    def forward(self, x):\n"
            f"{indent(lines(*calls, 'return x'), ' ' * 8)}"
        )

    def __repr__(self) -> str:
        return self.source

    @property
    def batch(self) -> str:
        """The text that draws a batch from `rng`, a generator of NumPy's."""
        if self.given.kind == "tokens":
            return f"rng.integers(0, {CLASSES}, {self.given.shape})"
        return f"rng.standard_normal({self.given.shape})"

    def build(self, torch: Any, seed: int = 0) -> Any:
        """The model in the engine `torch`, in float64, with the weights that the seed gives there."""
        names: dict[str, Any] = {"nn": torch.nn}
        exec(self.source, names)
        torch.manual_seed(seed)
        return names["Model"]().double()

    def inputs(self, torch: Any, seed: int = 0) -> Any:
        """A batch as a tensor of the engine `torch`: the same numbers in each."""
        return torch.from_numpy(eval(self.batch, {"rng": np.random.default_rng(seed)}))


def lines(*texts):
    return "".join(f"{text}\n" for text in texts)


@st.composite
def models(draw, kind, max_layers):
    """Chains of layers, in which each fits what the one before gives; at least one can learn."""
    given = draw(flows(kind))
    layers = [draw(fitting(given))]
    while len(layers) < max_layers and draw(MORE):
        layers.append(draw(fitting(layers[-1].out)))
    if not any(layer.learns for layer in layers):
        layers.append(draw(linear(layers[-1].out)))
    return Model(given, tuple(layers))


def modules(kind: str | None = None, *, max_layers: int = 6) -> st.SearchStrategy[Model]:
    """Whole models: layers of `nn` one after the other, each fitting what the one before it gives.

    `kind` is what they take: "vectors" (N, C), "sequence" (N, L, C), "signal" (N, C, L), "image" (N, C, H, W), or "tokens"
    (N, L) of whole numbers; any of them, if none is given. A model is its text: `model.source`. `model.build(torch)` makes
    it in any engine that has torch's names, in float64, and `model.inputs(torch)` a batch for it. The least is Linear(1, 1).

    >>> import tinygrad_edu as tg
    >>> from hypothesis import given, settings
    >>> @settings(max_examples=5, deadline=None)
    ... @given(tg.testing.modules())
    ... def test(model):
    ...     assert model.build(tg)(model.inputs(tg)).shape == model.out.shape
    >>> test()
    """
    return models(kind, max_layers)
