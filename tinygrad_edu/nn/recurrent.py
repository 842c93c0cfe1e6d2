"""Recurrent networks: RNN, LSTM and GRU, of several layers and in both directions, on padded or packed sequences."""

import math
import numbers
from typing import Any

from ..creation import empty, zeros
from ..functional.recurrent import gru, lstm, packed_sizes, rnn_relu, rnn_tanh
from ..tensor import Tensor
from ..users import warn
from . import init
from .module import Module
from .parameter import Parameter
from .utils.rnn import PackedSequence

# mode: the function, and how many gates its weights serve
MODES = {"RNN_TANH": (rnn_tanh, 1), "RNN_RELU": (rnn_relu, 1), "LSTM": (lstm, 4), "GRU": (gru, 3)}


class RNNBase(Module):
    """What recurrent networks share.

    Layer k has the parameters `weight_ih_lk`, `weight_hh_lk`, `bias_ih_lk` and `bias_hh_lk`, which serve all gates, one
    below the other; in the other direction these names end in `_reverse`. All begin uniform in ±1/√hidden_size, the
    same bits as torch's for the same seed.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        if mode not in MODES:
            raise ValueError(f"Unrecognized RNN mode: {mode}")
        if proj_size and mode != "LSTM":
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        directions, shown, gates = 1 + bidirectional, proj_size or hidden_size, MODES[mode][1] * hidden_size
        self._all_weights = []
        for layer in range(num_layers):
            width = shown * directions if layer else input_size
            shapes: dict[str, tuple[int, ...]] = {"weight_ih": (gates, width), "weight_hh": (gates, shown)}
            if bias:
                shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
            if proj_size:
                shapes["weight_hr"] = proj_size, hidden_size
            for suffix in ("", "_reverse")[:directions]:
                named = {f"{name}_l{layer}{suffix}": shape for name, shape in shapes.items()}
                for name, shape in named.items():
                    self.register_parameter(name, Parameter(empty(shape, device=device, dtype=dtype)))
                self._all_weights.append([*named])
        self.reset_parameters()

    def reset_parameters(self) -> None:
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing: what torch does here serves its GPUs."""

    @property
    def all_weights(self) -> list[list[Any]]:
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights(self) -> list[Any]:
        return [weight for weights in self.all_weights for weight in weights]

    # ---------------------------------------------------------------- forward

    def _run(self, input: Any, states: list[Tensor]) -> tuple[Any, list[Tensor]]:
        """(what is shown at each step, the last states), from the first states, or from zeros if there are none."""
        function = MODES[self.mode][0]
        options = self._flat_weights, self.bias, self.num_layers, self.dropout, self.training, self.bidirectional
        if isinstance(input, PackedSequence):
            data, sizes, order, back = input
            first = packed_sizes(data, sizes)[0]
            states = states if order is None else [state.index_select(1, order) for state in states]
            out, *ends = function(data, sizes, self._first(data, 2, first, states), *options)
            ends = ends if back is None else [end.index_select(1, back) for end in ends]
            return PackedSequence(out, sizes, order, back), ends
        dims, items = input.dim(), 0 if self.batch_first else 1
        if dims not in (2, 3):
            raise ValueError(f"{self._get_name()}: Expected input to be 2D or 3D, got {dims}D instead")
        if any(state.dim() != dims for state in states):
            got = ", ".join(f"{state.dim()}-D" for state in states)
            raise RuntimeError(
                f"For {'un' * (dims == 2)}batched {dims}-D input, hx should also be {dims}-D but got {got} tensor"
            )
        if dims == 2:
            input, states = input.unsqueeze(items), [state.unsqueeze(1) for state in states]
        states = self._first(input, 3, input.shape[items], states)
        out, *ends = function(input, states, *options, self.batch_first)
        return (out, ends) if dims == 3 else (out.squeeze(items), [end.squeeze(1) for end in ends])

    def _first(self, input: Tensor, dims: int, n: int, states: list[Tensor]) -> list[Tensor]:
        """The states to begin with: those given, or zeros. Raises torch's errors for what does not fit."""
        weight = self._flat_weights[0]
        if input.dtype is not weight.dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). Convert input:"
                f" input.to({weight.dtype}), or convert model: model.to({input.dtype})"
            )
        if input.dim() != dims:
            raise RuntimeError(f"input must have {dims} dimensions, got {input.dim()}")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}"
            )
        count = self.num_layers * (1 + self.bidirectional)
        shapes = [(count, n, width) for width in self._widths()]
        for i, (state, shape) in enumerate(zip(states, shapes)):
            if state.shape != shape:
                which = f"hidden[{i}]" if len(shapes) > 1 else "hidden"
                raise RuntimeError(f"Expected {which} size {shape}, got {list(state.shape)}")
        return states or [zeros(shape, dtype=input.dtype) for shape in shapes]

    def _widths(self) -> tuple[int, ...]:
        """How many numbers each state has."""
        return (self.hidden_size,)

    def extra_repr(self) -> str:
        usual = dict(proj_size=0, num_layers=1, bias=True, batch_first=False, dropout=0, bidirectional=False)
        shown = {name: getattr(self, name) for name in usual}
        unusual = [f"{name}={value}" for name, value in shown.items() if value != usual[name]]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *unusual])


class RNN(RNNBase):
    """hₜ = tanh(w_ih xₜ + b_ih + w_hh hₜ₋₁ + b_hh), or relu by `nonlinearity`; returns (h at each step, h at the last).

    https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html

    >>> import tinygrad_edu as tg
    >>> out, h = tg.nn.RNN(3, 4, num_layers=2)(tg.rand(5, 2, 3))  # 5 steps of 2 sequences of 3 numbers
    >>> out.shape, h.shape
    (torch.Size([5, 2, 4]), torch.Size([2, 2, 4]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        mode = f"RNN_{nonlinearity.upper()}"
        options = num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype
        super().__init__(mode, input_size, hidden_size, *options)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        out, (h,) = self._run(input, [] if hx is None else [hx])
        return out, h


class LSTM(RNNBase):
    """cₜ = f · cₜ₋₁ + i · g, hₜ = o · tanh cₜ; i, f, o = σ and g = tanh of parts of w_ih xₜ + b_ih + w_hh hₜ₋₁ + b_hh.

    Returns (h at each step, (h, c at the last)). With `proj_size`, h is multiplied by weight_hr.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html

    >>> import tinygrad_edu as tg
    >>> tg.nn.LSTM(10, 20, num_layers=2, bidirectional=True)
    LSTM(10, 20, num_layers=2, bidirectional=True)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        options = num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype
        super().__init__("LSTM", input_size, hidden_size, *options)

    def forward(self, input: Any, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Any, tuple[Tensor, Tensor]]:
        out, (h, c) = self._run(input, [] if hx is None else [hx[0], hx[1]])
        return out, (h, c)

    def _widths(self) -> tuple[int, ...]:
        return self.proj_size or self.hidden_size, self.hidden_size


class GRU(RNNBase):
    """hₜ = (1 - z) · n + z · hₜ₋₁, with gates r and z = σ(...) and n = tanh(w_ih xₜ + b_ih + r · (w_hh hₜ₋₁ + b_hh)).

    Returns (h at each step, h at the last). https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html"""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        options = num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype
        super().__init__("GRU", input_size, hidden_size, *options)

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        out, (h,) = self._run(input, [] if hx is None else [hx])
        return out, h


def check(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size):
    """torch's errors, and its warning, for options that make no network."""
    if not isinstance(dropout, numbers.Number) or isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise ValueError(
            f"dropout should be a number in range [0, 1] representing the probability of an element being zeroed: {dropout}"
        )
    if dropout > 0 and num_layers == 1:
        warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers greater"
            f" than 1, but got dropout={dropout} and num_layers={num_layers}"
        )
    for name, value, kind in (
        ("bias", bias, bool),
        ("batch_first", batch_first, bool),
        ("input_size", input_size, int),
        ("hidden_size", hidden_size, int),
    ):
        if not isinstance(value, kind):
            raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
    for name, value in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
        if value <= 0:
            raise ValueError(f"{name} must be greater than zero, and not {value}")
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError(f"proj_size has to be smaller than hidden_size, and {proj_size} is not below {hidden_size}")
