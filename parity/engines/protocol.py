"""What an engine must be able to do to be judged: the adapter's methods, with NumPy arrays in and out."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

Arrays = Mapping[str, np.ndarray]


class Engine(Protocol):
    """A model in an engine of your own, with its loss. Nothing needs to be inherited; any class with these methods will do.

    What comes in is of the dtype that is judged, and so must be what goes out: an engine that computes in float64 only
    says so by an attribute, `dtypes = ("float64",)`. `names` is another that it may have; see `parity.engines.names`."""

    def parameters(self) -> Arrays:
        """The parameters as they are, by the engine's own names."""
        ...

    def load(self, parameters: Arrays) -> None:
        """Take over these."""
        ...

    def gradients(self, x: np.ndarray, y: np.ndarray) -> tuple[float | np.ndarray, Arrays]:
        """The loss of one batch, and its gradient for each parameter, by name."""
        ...


class Trainer(Engine, Protocol):
    """An engine that trains, too: then its update is judged, and a training that it goes through by itself."""

    def update(self, gradients: Arrays) -> None:
        """Make one step of the optimizer with these gradients."""
        ...


class Remembering(Trainer, Protocol):
    """An engine whose optimizer shows what it remembers; without this it is judged by the parameters alone."""

    def state(self) -> Mapping[str, Arrays]:
        """Its buffers by torch's name for them, as in {"momentum_buffer": {"W1": array}}: the arrays themselves, for
        the judge writes the reference's numbers into them, so that each step is judged on its own."""
        ...
