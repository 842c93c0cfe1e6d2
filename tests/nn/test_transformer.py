"""The Transformer beside torch's: bits at the start, outputs, gradients, dropout, evaluation, what is refused."""

import copy
import itertools
import pickle

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.snippets import outcome

from .beside import learns, numbers, same, told

ENDS = [[False, False, False, False, True], [False, False, True, True, True]]
HOLES = [[False, True, False, False, False], [False, False, True, True, True]]
OPTIONS = {
    "plain": {},
    "norm first": dict(norm_first=True),
    "no bias": dict(bias=False),
    "gelu": dict(activation="gelu", layer_norm_eps=0.1),
    "dropout": dict(dropout=0.4),
}


def layer(kind, **options):
    return lambda t: getattr(t.nn, f"Transformer{kind}Layer")(6, 2, 8, **dict(dropout=0.0) | options)


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("mask", ["none", "causal", "ends", "both"])
@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
def test_an_encoder_layer(name, mask, train, promised):
    def call(t, module, x):
        causal = t.ones(5, 5, dtype=t.bool).triu(1) if mask in ("causal", "both") else None
        return module(x, causal, t.tensor(ENDS) if mask in ("ends", "both") else None, is_causal=mask == "causal")

    make = layer("Encoder", batch_first=True, **OPTIONS[name])
    same(learns(make, call, numbers(2, 5, 6), train=train), promised)


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("mask", ["none", "causal", "ends"])
def test_a_decoder_layer(name, mask, promised):
    def call(t, module, x, memory):
        causal = t.nn.Transformer.generate_square_subsequent_mask(4, dtype=t.float64)
        masks = dict(tgt_mask=causal, tgt_is_causal=True) if mask == "causal" else {}
        return module(x, memory, **masks | (dict(memory_key_padding_mask=t.tensor(ENDS)) if mask == "ends" else {}))

    same(learns(layer("Decoder", **OPTIONS[name]), call, numbers(4, 2, 6), numbers(5, 2, 6)), promised)


@pytest.mark.parametrize(("first", "norm", "p"), list(itertools.product([True, False], [True, False], [0.0, 0.3])))
def test_the_whole(first, norm, p, promised):
    make = lambda t: t.nn.Transformer(6, 2, 2, 2, 8, p, batch_first=first, norm_first=norm)
    shape = (lambda *s: (s[1], s[0], s[2])) if first else (lambda *s: s)
    call = lambda t, module, src, tgt: module(
        src,
        tgt,
        src_key_padding_mask=t.tensor(ENDS),
        tgt_mask=t.ones(4, 4, dtype=t.bool).triu(1),
        memory_key_padding_mask=t.tensor(ENDS),
    )
    same(learns(make, call, numbers(*shape(5, 2, 6)), numbers(*shape(4, 2, 6))), promised)


@pytest.mark.parametrize("kind", ["Encoder", "Decoder"])
def test_each_dropout_has_its_place(kind, promised):
    def make(t):
        module = layer(kind)(t)
        for i, (_, part) in enumerate(sorted((n, m) for n, m in module.named_children() if n.startswith("dropout"))):
            part.p = 0.1 + 0.2 * i
        return module

    call = lambda t, module, x, y: module(x, y) if kind == "Decoder" else module(x + y)
    same(learns(make, call, numbers(4, 2, 6), numbers(4, 2, 6)), promised)


@pytest.mark.parametrize("hidden", [ENDS, HOLES, None], ids=["ends", "holes", "nothing"])
@pytest.mark.parametrize(
    "options",
    [{}, dict(norm_first=True), dict(activation="gelu"), dict(bias=False), dict(batch_first=False)],
    ids=str,
)
@pytest.mark.parametrize("more", [{}, dict(enable_nested_tensor=False)], ids=str)
@pytest.mark.parametrize("how", ["eval no_grad", "eval frozen", "eval", "train", "train no_grad"])
@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True", "ignore:The PyTorch API of nested tensors")
def test_an_encoder_evaluated_is_torchs(hidden, options, more, how, promised):
    """Its fast way leaves out what is hidden at the ends, and has zeros there."""

    def program(t):
        t.manual_seed(0)
        encoder = t.nn.TransformerEncoder(
            layer("Encoder", **dict(batch_first=True) | options)(t), 2, t.nn.LayerNorm(6), **more
        )
        encoder = encoder.double().train("train" in how).requires_grad_("frozen" not in how)
        x = t.tensor(numbers(2, 5, 6))
        x = x if options.get("batch_first", True) else x.transpose(0, 1)
        with t.set_grad_enabled("no_grad" not in how):
            return encoder(x, src_key_padding_mask=None if hidden is None else t.tensor(hidden))

    same(program, promised)


def test_zeros_are_where_torchs_fast_way_has_them():
    """Without torch: the same is asserted of ours alone."""
    encoder = tg.nn.TransformerEncoder(layer("Encoder", batch_first=True)(tg), 1).eval()
    with tg.no_grad():
        out = encoder(tg.rand(2, 5, 6), src_key_padding_mask=tg.tensor(ENDS))
    assert ((out == 0).all(-1)).tolist() == ENDS


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")
def test_bits_names_and_text_are_torchs(promised):
    makes = [
        layer("Encoder"),
        layer("Decoder", bias=False),
        lambda t: t.nn.Transformer(4, 2, 2, 3, 8, activation=t.nn.GELU()),
        lambda t: t.nn.TransformerDecoder(layer("Decoder")(t), 2, t.nn.LayerNorm(6)),
    ]
    for make in makes:
        begun = []
        for t in (tg, promised):
            t.manual_seed(3)
            module = make(t)
            state = [(name, p.numpy().tobytes()) for name, p in module.state_dict().items()]
            begun.append([state, repr(module)])
        assert begun[0] == begun[1]


def test_an_activation_may_be_any_function(promised):
    make = lambda t: layer("Encoder", activation=lambda x: x.tanh() * 2)(t)
    same(learns(make, lambda t, module, x: module(x), numbers(5, 2, 6)), promised)


def test_the_causal_mask_is_torchs(torch):
    for options in ({}, dict(dtype="float64")):
        ours, theirs = (
            t.nn.Transformer.generate_square_subsequent_mask(3, **{k: getattr(t, v) for k, v in options.items()})
            for t in (tg, torch)
        )
        assert ours.tolist() == theirs.tolist()
        assert str(ours.dtype) == str(theirs.dtype)


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))], ids=["copy", "pickle"])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_a_copy_is_equal_and_apart(clone, activation):
    if activation == "gelu":
        pytest.importorskip("scipy")
    module = tg.nn.TransformerEncoder(layer("Encoder", activation=activation)(tg), 2)
    twin, x = clone(module), tg.rand(5, 2, 6)
    assert twin(x).tolist() == module(x).tolist()
    with tg.no_grad():
        twin.layers[0].linear1.weight.zero_()
    assert twin(x).tolist() != module(x).tolist()


def test_copies_of_a_layer_are_apart():
    encoder = tg.nn.TransformerEncoder(layer("Encoder")(tg), 2)
    first, second = (one.linear1.weight for one in encoder.layers)
    assert first is not second
    assert first.tolist() == second.tolist()
    assert not np.shares_memory(first.array, second.array)


def test_parts_of_a_layer_may_be_overridden():
    """Many programs override `_sa_block`, to see the weights."""

    class Deaf(tg.nn.TransformerEncoderLayer):
        def _sa_block(self, x, attn_mask, key_padding_mask, is_causal=False):
            return x * 0

    deaf, x = Deaf(6, 2, 8, dropout=0.0), tg.rand(5, 2, 6)
    y = x.clone()
    y[1:] = 0
    assert deaf(x)[0].tolist() == deaf(y)[0].tolist()


REFUSED = {
    "heads that do not divide": lambda t: t.nn.Transformer(6, 4),
    "an unknown activation": lambda t: layer("Encoder", activation="tanh")(t),
    "batches that differ": lambda t: t.nn.Transformer(4, 2, 1, 1, 8)(t.ones(5, 2, 4), t.ones(5, 3, 4)),
    "batches that differ, first": lambda t: t.nn.Transformer(4, 2, 1, 1, 8, batch_first=True)(
        t.ones(2, 5, 4), t.ones(3, 5, 4)
    ),
    "another width": lambda t: t.nn.Transformer(4, 2, 1, 1, 8)(t.ones(5, 2, 4), t.ones(5, 2, 3)),
    "padding of integers": lambda t: layer("Encoder")(t)(t.ones(5, 2, 6), src_key_padding_mask=t.ones(2, 5).int()),
    "a mask of integers": lambda t: layer("Encoder")(t)(t.ones(5, 2, 6), src_mask=t.ones(5, 5).int()),
    "causal without a mask": lambda t: layer("Encoder")(t)(t.ones(5, 2, 6), is_causal=True),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
def test_what_torch_refuses_is_refused(name, torch):
    ours, theirs = (outcome(REFUSED[name], t) for t in (tg, torch))
    assert isinstance(theirs, Exception)
    assert type(ours) is type(theirs), (ours, theirs)
    assert str(ours)[:20] == str(theirs)[:20], (ours, theirs)


def test_masks_of_two_dtypes_warn(torch):
    def program(t):
        layer("Encoder")(t)(t.ones(5, 2, 6), t.zeros(5, 5), t.zeros(2, 5, dtype=t.bool))

    ours, theirs = told(program, tg), told(program, torch)
    assert [category for category, _ in ours] == [category for category, _ in theirs] == [UserWarning]
    assert ours[0][1] == __file__
