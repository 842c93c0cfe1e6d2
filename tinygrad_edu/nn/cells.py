"""One step of a recurrent network, for loops of your own."""

import math
from typing import Any

from ..creation import empty, zeros
from ..functional.recurrent import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter


class RNNCellBase(Module):
    """What cells share: parameters that serve `num_chunks` gates, one below the other, at first uniform in ±1/√hidden_size."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        gates = num_chunks * hidden_size
        parameter = lambda *shape: Parameter(empty(shape, device=device, dtype=dtype))
        self.weight_ih, self.weight_hh = parameter(gates, input_size), parameter(gates, hidden_size)
        self.register_parameter("bias_ih", parameter(gates) if bias else None)
        self.register_parameter("bias_hh", parameter(gates) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def _step(self, cell: Any, input: Tensor, states: Any) -> list[Tensor]:
        """The next states, of given ones or zeros, for a batch (N, E) or a single item (E)."""
        name = self._get_name()
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        for state in states:
            if state is not None and state.dim() not in (1, 2):
                raise ValueError(f"{name}: Expected hidden to be 1D or 2D, got {state.dim()}D instead")
        single = input.dim() == 1
        if single:
            input, states = input.unsqueeze(0), [s if s is None else s.unsqueeze(0) for s in states]
        states = [zeros(len(input), self.hidden_size, dtype=input.dtype) if s is None else s for s in states]
        found = cell(input, states, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return [state.squeeze(0) if single else state for state in found]

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        text += "" if self.bias is True else f", bias={self.bias}"
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        return text + ("" if nonlinearity == "tanh" else f", nonlinearity={nonlinearity}")


class RNNCell(RNNCellBase):
    """h = tanh(w_ih x + b_ih + w_hh h + b_hh), or relu.

    https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html"""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        cells = {"tanh": rnn_tanh_cell, "relu": rnn_relu_cell}
        if self.nonlinearity not in cells:
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._step(lambda x, h, *w: [cells[self.nonlinearity](x, *h, *w)], input, [hx])[0]


class LSTMCell(RNNCellBase):
    """(h, c) of the step that nn.LSTM takes. https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html"""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        h, c = self._step(lstm_cell, input, (None, None) if hx is None else hx)
        return h, c


class GRUCell(RNNCellBase):
    """h of the step that nn.GRU takes. https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html"""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._step(lambda x, h, *w: [gru_cell(x, *h, *w)], input, [hx])[0]
