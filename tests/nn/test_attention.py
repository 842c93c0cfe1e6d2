"""MultiheadAttention beside torch's: bits at the start, outputs, weights, gradients, masks, what is refused."""

import itertools

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.snippets import outcome

from .beside import learns, numbers, same, told

PADDING = [[False, False, False, False, True], [False, True, False, False, True]]
LATER = np.triu(np.ones((4, 5)), 1).astype(bool)
MASKS = {
    "no mask": lambda t: {},
    "padding": lambda t: dict(key_padding_mask=t.tensor(PADDING)),
    "mask": lambda t: dict(attn_mask=t.tensor(LATER)),
    "both": lambda t: dict(attn_mask=t.tensor(LATER), key_padding_mask=t.tensor(PADDING)),
    "floats": lambda t: dict(attn_mask=t.tensor(numbers(4, 5))),
    "a mask for each head": lambda t: dict(attn_mask=t.tensor(numbers(4, 4, 5) > 1)),
    "causal": lambda t: dict(attn_mask=t.tensor(LATER), is_causal=True),
}
OPTIONS = {
    "plain": {},
    "batch first": dict(batch_first=True),
    "no bias": dict(bias=False),
    "own widths": dict(kdim=3, vdim=5),
    "one more key": dict(add_bias_kv=True),
    "a key of zeros": dict(add_zero_attn=True),
    "all": dict(add_bias_kv=True, add_zero_attn=True, kdim=3, batch_first=True),
    "dropout": dict(dropout=0.4),
}


def given(options):
    """Arrays for query, key and value: 4 places of 2 sequences hear 5."""
    shapes = [(4, 2, 6), (5, 2, options.get("kdim", 6)), (5, 2, options.get("vdim", 6))]
    return [numbers(*shape).swapaxes(0, 1) if "batch_first" in options else numbers(*shape) for shape in shapes]


@pytest.mark.parametrize(("name", "mask"), list(itertools.product(OPTIONS, MASKS)))
@pytest.mark.parametrize("weights", [True, False])
def test_it_does_what_torchs_does(name, mask, weights, promised):
    call = lambda t, module, *qkv: module(*qkv, need_weights=weights, **MASKS[mask](t))
    make = lambda t: t.nn.MultiheadAttention(6, 2, **OPTIONS[name])
    same(learns(make, call, *given(OPTIONS[name])), promised)


@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize("train", [True, False])
def test_weights_of_each_head(average, train, promised):
    call = lambda t, module, *qkv: module(*qkv, average_attn_weights=average)
    same(learns(lambda t: t.nn.MultiheadAttention(6, 2, 0.3), call, *given({}), train=train), promised)


@pytest.mark.parametrize("mask", ["no mask", "mask"])
def test_without_a_batch(mask, promised):
    call = lambda t, module, x, y: module(x, y, y, **MASKS[mask](t))
    make = lambda t: t.nn.MultiheadAttention(6, 2, batch_first=True)
    same(learns(make, call, numbers(4, 6), numbers(5, 6)), promised)


@pytest.mark.parametrize("weights", [True, False])
@pytest.mark.parametrize("mask", [False, True])
def test_without_gradients_torch_takes_another_way_to_the_same_numbers(weights, mask, promised):
    def program(t):
        t.manual_seed(0)
        module, x = t.nn.MultiheadAttention(6, 2, batch_first=True).double().eval(), t.tensor(numbers(2, 5, 6))
        with t.no_grad():
            padding = dict(key_padding_mask=t.tensor(PADDING)) if mask else {}
            return [t for t in module(x, x, x, need_weights=weights, **padding) if t is not None]

    same(program, promised)


def test_bits_at_the_start_are_torchs(promised):
    for options in OPTIONS.values():
        begun = []
        for t in (tg, promised):
            t.manual_seed(3)
            module = t.nn.MultiheadAttention(6, 2, **options)
            begun.append([(name, p.detach().numpy().tobytes()) for name, p in module.named_parameters()])
            begun[-1].append(repr(module))
        assert begun[0] == begun[1]


def test_a_state_goes_to_torch_and_comes_back(torch):
    ours, theirs = (t.nn.MultiheadAttention(6, 2, kdim=3, add_bias_kv=True).double() for t in (tg, torch))
    theirs.load_state_dict({k: torch.tensor(v.array) for k, v in ours.state_dict().items()})
    q, k, v = given(dict(kdim=3))
    once = [module(*map(t.tensor, (q, k, v)))[0].tolist() for t, module in ((tg, ours), (torch, theirs))]
    assert np.allclose(*once)
    theirs.bias_k.data.mul_(20)
    ours.load_state_dict(theirs.state_dict())
    again = [module(*map(t.tensor, (q, k, v)))[0].tolist() for t, module in ((tg, ours), (torch, theirs))]
    assert np.allclose(*again)
    assert not np.allclose(again[0], once[0])


REFUSED = {
    "no heads": lambda t: t.nn.MultiheadAttention(6, 0),
    "heads that do not divide": lambda t: t.nn.MultiheadAttention(6, 4),
    "another width": lambda t: t.nn.MultiheadAttention(6, 2)(*[t.ones(4, 2, 5)] * 3),
    "a vector": lambda t: t.nn.MultiheadAttention(6, 2)(*[t.ones(6)] * 3),
    "keys without a batch": lambda t: t.nn.MultiheadAttention(6, 2)(t.ones(4, 2, 6), *[t.ones(4, 6)] * 2),
    "fewer values than keys": lambda t: t.nn.MultiheadAttention(6, 2)(
        t.ones(4, 2, 6), t.ones(4, 2, 6), t.ones(3, 2, 6)
    ),
    "doubles": lambda t: t.nn.MultiheadAttention(6, 2)(*[t.ones(4, 2, 6).double()] * 3),
    "a mask of integers": lambda t: t.nn.MultiheadAttention(6, 2)(*[t.ones(4, 2, 6)] * 3, attn_mask=t.ones(4, 4).int()),
    "a mask of another size": lambda t: t.nn.MultiheadAttention(6, 2)(*[t.ones(4, 2, 6)] * 3, attn_mask=t.ones(3, 4)),
    "padding of another size": lambda t: t.nn.MultiheadAttention(6, 2)(
        *[t.ones(4, 2, 6)] * 3, key_padding_mask=t.ones(4, 2)
    ),
    "causal without a mask": lambda t: t.nn.MultiheadAttention(6, 2)(*[t.ones(4, 2, 6)] * 3, is_causal=True),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_is_refused(name, torch):
    ours, theirs = (outcome(REFUSED[name], t) for t in (tg, torch))
    assert isinstance(theirs, Exception)
    assert type(ours) is type(theirs), (ours, theirs)
    if name not in ("doubles", "padding of another size"):
        assert str(ours)[:20] == str(theirs)[:20], (ours, theirs)


def test_masks_of_two_dtypes_warn(torch):
    def program(t):
        x = t.ones(4, 2, 6)
        t.nn.MultiheadAttention(6, 2)(x, x, x, t.zeros(2, 4), attn_mask=t.zeros(4, 4, dtype=t.bool))

    ours, theirs = told(program, tg), told(program, torch)
    assert [category for category, _ in ours] == [category for category, _ in theirs] == [UserWarning]
    assert ours[0][1] == __file__


def test_what_is_hidden_is_not_heard():
    """Without torch: the output does not depend on hidden keys, and their weights are 0."""
    tg.manual_seed(0)
    module = tg.nn.MultiheadAttention(6, 2, batch_first=True)
    x = tg.rand(1, 4, 6)
    y = x.clone()
    y[0, 3] = 9.0
    causal = tg.nn.Transformer.generate_square_subsequent_mask(4)
    (a, heard), (b, _) = (module(x, s, s, attn_mask=causal) for s in (x, y))
    assert a[0, :3].tolist() == b[0, :3].tolist()
    assert a[0, 3].tolist() != b[0, 3].tolist()
    assert not heard.triu(1).any()
    assert tg.allclose(heard.sum(-1), tg.ones(1, 4))


def test_one_head_of_one_number_lies_as_torchs_does(torch):
    """A dropout after it draws its mask in the order of memory; a training found this."""

    def program(t):
        x = t.ones(2, 3, 1)
        return t.nn.MultiheadAttention(1, 1)(x, x, x)[0].stride()

    assert program(tg) == program(torch)
