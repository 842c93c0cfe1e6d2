"""Recurrent networks as functions: cells, which take one step, and layers, which take all.

A cell is the equations of its step (ops/recurrence.py) on Tensors, and the chain rule does the rest. A layer multiplies
the inputs of all steps by their weights in one product, and goes through time in one op.
"""

import numpy as np

from ..compose import composed
from ..ops.elementwise import relu, tanh
from ..ops.linalg import linear, matmul
from ..ops.recurrence import gru_states, gru_step, last, lstm_states, lstm_step, rnn_states
from ..tensor import Tensor, made
from .dropout import dropout
from .joining import cat, stack

# ------------------------------------------------------------------ one step


def said(input, h, w_ih, w_hh, b_ih, b_hh):
    """What the input and the state say to each gate; torch's errors for what does not fit."""
    if input.shape[-1] != w_ih.shape[1]:
        raise RuntimeError(f"input has inconsistent input_size: got {input.shape[-1]} expected {w_ih.shape[1]}")
    if input.shape[0] != h.shape[0]:
        raise RuntimeError(f"Input batch size {input.shape[0]} doesn't match hidden0 batch size {h.shape[0]}")
    if h.shape[1] != w_hh.shape[1]:
        raise RuntimeError(f"hidden0 has inconsistent hidden_size: got {h.shape[1]}, expected {w_hh.shape[1]}")
    return linear(input, w_ih, b_ih), linear(h, w_hh, b_hh)


@composed(places="torch")
def rnn_tanh_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """tanh(w_ih x + b_ih + w_hh h + b_hh). https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html"""
    x, y = said(input, hx, w_ih, w_hh, b_ih, b_hh)
    return tanh(x + y)


@composed(places="torch")
def rnn_relu_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """relu(w_ih x + b_ih + w_hh h + b_hh). https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html"""
    x, y = said(input, hx, w_ih, w_hh, b_ih, b_hh)
    return relu(x + y)


@composed(places="torch")
def lstm_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """The next (h, c). https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html"""
    if isinstance(hx, Tensor):
        raise TypeError("lstm_cell(): argument 'hx' (position 2) must be tuple of Tensors, not Tensor: (h, c)")
    if len(hx) != 2:
        raise RuntimeError(f"lstm_cell expects two hidden states, (h, c), and got {len(hx)}")
    h, c = hx
    x, y = said(input, h, w_ih, w_hh, b_ih, b_hh)
    return lstm_step(x + y, c)


@composed(places="torch")
def gru_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """The next h. https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html"""
    return gru_step(*said(input, hx, w_ih, w_hh, b_ih, b_hh), hx)


# ------------------------------------------------------------------ one layer, in one direction


def rnn_layer(nonlinearity):
    def layer(x, first, weights, sizes, reverse):
        (h,), (w_ih, w_hh, b_ih, b_hh, _) = first, weights
        x = linear(x, w_ih, None if b_ih is None else b_ih + b_hh)
        out = rnn_states(x, h, w_hh, nonlinearity=nonlinearity, sizes=sizes, reverse=reverse)
        return out, out[last(sizes, reverse)]

    return layer


def gru_layer(x, first, weights, sizes, reverse):
    (h,), (w_ih, w_hh, b_ih, b_hh, _) = first, weights
    out = gru_states(linear(x, w_ih, b_ih), h, w_hh, b_hh, sizes=sizes, reverse=reverse)
    return out, out[last(sizes, reverse)]


def lstm_layer(x, first, weights, sizes, reverse):
    (h, c), (w_ih, w_hh, b_ih, b_hh, w_hr) = first, weights
    x = linear(x, w_ih, None if b_ih is None else b_ih + b_hh)
    if w_hr is not None:  # the state is w_hr s: what the first one says is said to x, and later ones say w_hh w_hr s
        x = x.index_add(0, made(last(sizes, not reverse), None), matmul(h, w_hh.mT))
        h, w_hh = made(np.zeros_like(c.array), None), matmul(w_hh, w_hr)
    out, memory = lstm_states(x, h, c, w_hh, sizes=sizes, reverse=reverse)
    out = out if w_hr is None else linear(out, w_hr)
    end = last(sizes, reverse)
    return out, out[end], memory[end]


# ------------------------------------------------------------------ all layers


def in_layers(layer, data, sizes, first, params, has_biases, num_layers, p, train, bidirectional):
    """(rows of the last layer, the last states of all): each layer hears the one below, with dropout between."""
    projected = len(first) == 2 and first[0].shape[2] != first[1].shape[2]
    directions = (False, True) if bidirectional else (False,)
    weights = grouped(params, num_layers * len(directions), has_biases, projected)
    ends = []
    for k in range(num_layers):
        outs = []
        for reverse in directions:
            i = len(ends)
            out, *end = layer(data, [state[i] for state in first], weights[i], sizes, reverse)
            outs.append(out)
            ends.append(end)
        data = cat(outs, 1) if bidirectional else out
        if train and k < num_layers - 1:
            data = dropout(data, p)
    return data, *(stack(states) for states in zip(*ends))


def grouped(params, count, has_biases, projected):
    """For each layer and direction (w_ih, w_hh, b_ih, b_hh, w_hr), None for those that there are not."""
    n = 2 + 2 * has_biases + projected
    if len(params) != n * count:
        raise RuntimeError(f"got an incorrect number of RNN parameters: {len(params)}, and not {count} times {n}")
    groups = [params[i : i + n] for i in range(0, len(params), n)]
    return [(*g[:2], *(g[2:4] if has_biases else (None, None)), g[-1] if projected else None) for g in groups]


def through_time(layer, input, first, *options, batch_first=False):
    """in_layers for sequences that are equally long, (T, N, E)."""
    input = input.transpose(0, 1) if batch_first else input
    length, n, width = input.shape
    if not length:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    out, *ends = in_layers(layer, input.reshape(length * n, width), (n,) * length, first, *options)
    out = out.reshape(length, n, out.shape[1])
    return out.transpose(0, 1) if batch_first else out, *ends


def packed_sizes(data, batch_sizes):
    """How many rows of packed data each step has."""
    sizes = tuple(batch_sizes.tolist())
    if not sizes or sum(sizes) != len(data) or list(sizes) != sorted(sizes, reverse=True):
        raise RuntimeError(
            f"batch_sizes {list(sizes)} are not of {len(data)} rows of packed data: they go down, and their sum is the number"
            " of rows; pack_sequence and pack_padded_sequence make them"
        )
    return sizes


PADDED = ["input", "hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional", "batch_first"]
PACKED = ["data", "batch_sizes", "hx", "params", "has_biases", "num_layers", "dropout", "train", "bidirectional"]


def called(name, layer, given, named):
    """torch's two forms: of sequences that are equally long, and of packed ones."""
    packed = "batch_sizes" in named or (len(given) > 3 and not isinstance(given[3], bool))
    values = dict(zip(PACKED if packed else PADDED, given)) | named
    if wrong := [n for n in (PACKED if packed else PADDED) if n not in values]:
        raise TypeError(f"{name}() missing required argument: '{wrong[0]}'")
    hx = (values["hx"],) if isinstance(values["hx"], Tensor) else values["hx"]
    options = [values[n] for n in PACKED[3:]]
    if packed:
        data = values["data"]
        return in_layers(layer, data, packed_sizes(data, values["batch_sizes"]), hx, *options)
    return through_time(layer, values["input"], hx, *options, batch_first=values["batch_first"])


@composed(places="torch")
def rnn_tanh(*given, **named):
    """(h of each step, h of the last). https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html"""
    return called("rnn_tanh", rnn_layer("tanh"), given, named)


@composed(places="torch")
def rnn_relu(*given, **named):
    """(h of each step, h of the last). https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html"""
    return called("rnn_relu", rnn_layer("relu"), given, named)


@composed(places="torch")
def gru(*given, **named):
    """(h of each step, h of the last). https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html"""
    return called("gru", gru_layer, given, named)


@composed(places="torch")
def lstm(*given, **named):
    """(h of each step, h and c of the last). https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html"""
    return called("lstm", lstm_layer, given, named)
