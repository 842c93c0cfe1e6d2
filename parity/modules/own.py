"""Samples of our own, for modules that torch's table lacks, or tries without a batch only: ordinary torch code."""

from dataclasses import dataclass, field

import torch
from torch.nn.functional import max_pool1d, max_pool2d, max_pool3d
from torch.nn.utils.rnn import pack_padded_sequence
from torch.testing import make_tensor

from ..ops.samples import in_words


@dataclass
class Call:
    """The arguments of a call."""

    args: tuple = ()
    kwargs: dict = field(default_factory=dict)

    def __repr__(self):
        return in_words(self.args, self.kwargs)


@dataclass
class Made:
    """A module as an argument: each engine makes its own."""

    name: str
    call: Call

    def __repr__(self):
        return f"{self.name}({self.call})"


def call(*args, **kwargs):
    return Call(args, kwargs)


@dataclass
class Samples:
    """The calls that make a module, and those of `forward`, each with each, of `x(*shape)`, which draws an input."""

    made: list
    called: object

    def __call__(self, dtype):
        x = lambda *shape: make_tensor(shape, dtype=dtype, device="cpu", requires_grad=True)
        for made in self.made:
            for called in self.called(x):
                yield made, called


def classes(*numbers):
    return torch.tensor(numbers)


def lower(n):
    """What a decoder may not see: what comes later."""
    return torch.nn.Transformer.generate_square_subsequent_mask(n)


def unpooled(max_pool, x, larger):
    """The way back from windows of 2."""
    found = max_pool(x, 2, return_indices=True)
    return [call(*found), call(*found, output_size=larger)]


SIZES = {1: (7,), 2: (7, 6), 3: (5, 4, 6)}  # of a line, an image, a volume


convolutions = [
    call(4, 6, 3, groups=2, bias=False),
    call(4, 2, 2, stride=2, padding=1, dilation=2),
    *(call(4, 2, 3, padding=1, padding_mode=mode) for mode in ("reflect", "replicate", "circular")),
    call(4, 2, 3, padding="same"),
]
transposed = [
    call(4, 6, 3, groups=2, bias=False),
    call(4, 2, 3, stride=2, padding=1, output_padding=1),
    call(4, 2, 2, dilation=2),
]
batch_norms = [
    call(3, affine=False),
    call(3, 1e-3, None),
    call(3, momentum=0.5, track_running_stats=False),
]
instance_norms = [
    call(3),
    call(3, affine=True, track_running_stats=True),
    call(3, 0.1, 0.4, track_running_stats=True),
]
dropouts = [call(), call(0.2), call(p=0.0), call(p=1.0)]
layer = dict(d_model=4, nhead=2, dim_feedforward=6)
recurrent = [
    call(3, 4),
    call(3, 4, 2, batch_first=True, dropout=0.3),
    call(3, 4, num_layers=2, bidirectional=True, bias=False),
]
packed = lambda x: pack_padded_sequence(x(5, 3, 3), torch.tensor([5, 3, 2]))

SAMPLES = {
    "Identity": Samples([call(), call(54, unused=0.1)], lambda x: [call(x(2, 3))]),
    "Flatten": Samples([call(), call(0), call(1, 2), call(start_dim=-2)], lambda x: [call(x(2, 3, 4, 2))]),
    "Unflatten": Samples([call(1, (2, 3)), call(-2, [3, -1])], lambda x: [call(x(4, 6, 2))]),
    "Dropout": Samples(dropouts, lambda x: [call(x(4, 5)), call(x(3))]),
    "Dropout1d": Samples(dropouts, lambda x: [call(x(4, 3, 5)), call(x(3, 5))]),
    "Dropout2d": Samples(dropouts, lambda x: [call(x(4, 3, 5, 2))]),
    "Dropout3d": Samples(dropouts, lambda x: [call(x(4, 3, 5, 2, 2)), call(x(3, 5, 2, 2))]),
    "AlphaDropout": Samples(dropouts, lambda x: [call(x(4, 5))]),
    "FeatureAlphaDropout": Samples(dropouts, lambda x: [call(x(4, 3, 5))]),
    "RReLU": Samples([call(), call(0.1, 0.9), call(0.2, 0.2)], lambda x: [call(x(4, 5))]),
    "Hardsigmoid": Samples([call()], lambda x: [call(x(4, 5))]),
    "MaxUnpool1d": Samples([call(2), call((2,), stride=2)], lambda x: unpooled(max_pool1d, x(2, 3, 6), (7,))),
    "MaxUnpool2d": Samples([call(2), call((2, 2), 2, (0, 0))], lambda x: unpooled(max_pool2d, x(2, 3, 4, 6), (5, 7))),
    "MaxUnpool3d": Samples([call(2)], lambda x: unpooled(max_pool3d, x(2, 3, 2, 4, 6), (2, 5, 7))),
    "PixelShuffle": Samples([call(1), call(2)], lambda x: [call(x(2, 8, 3, 2)), call(x(4, 1, 2))]),
    "PixelUnshuffle": Samples([call(1), call(2)], lambda x: [call(x(2, 3, 4, 6)), call(x(1, 2, 2))]),
    "ChannelShuffle": Samples([call(1), call(2), call(3)], lambda x: [call(x(2, 6, 3)), call(x(1, 6, 2, 2))]),
    "Upsample": Samples(
        [
            *(call(5), call((7, 3)), call(scale_factor=2), call(None, 1.7, "nearest-exact"), call(3, mode="area")),
            call(scale_factor=(1.5, 2.4), mode="bilinear"),
            call(scale_factor=1.7, mode="bilinear", recompute_scale_factor=True),
            call(size=(6, 8), mode="bicubic", align_corners=True),
        ],
        lambda x: [call(x(2, 3, 4, 5))],
    ),
    "UpsamplingNearest2d": Samples([call(7), call(scale_factor=(2, 3))], lambda x: [call(x(2, 3, 4, 5))]),
    "UpsamplingBilinear2d": Samples([call((3, 7)), call(scale_factor=2)], lambda x: [call(x(2, 3, 4, 5))]),
    "Fold": Samples(
        [call((4, 5), 2), call((5, 3), (2, 1), stride=(1, 2), padding=(0, 1))], lambda x: [call(x(2, 8, 12))]
    ),
    "Unfold": Samples([call(2), call((3, 1), 1, (1, 0), 2)], lambda x: [call(x(2, 3, 4, 5)), call(x(3, 4, 5))]),
    "CosineSimilarity": Samples(
        [call(), call(dim=0, eps=0.1)], lambda x: [call(x(4, 3), x(4, 3)), call(x(4, 3), x(3))]
    ),
    "PairwiseDistance": Samples([call(), call(1.0, 0.1, True)], lambda x: [call(x(4, 3), x(4, 3)), call(x(3), x(3))]),
    "TripletMarginLoss": Samples(
        [call(), call(0.5, 1, swap=True), call(reduction="none"), call(2.0, eps=0.1, reduction="sum")],
        lambda x: [call(x(4, 3), x(4, 3), x(4, 3)), call(x(3), x(3), x(3))],
    ),
    "TripletMarginWithDistanceLoss": Samples(
        [
            call(),
            call(distance_function=Made("PairwiseDistance", call(1))),
            call(margin=9.0, swap=True, reduction="sum"),
        ],
        lambda x: [call(x(4, 3), x(4, 3), x(4, 3))],
    ),
    "NLLLoss2d": Samples(
        [call(), call(ignore_index=1, reduction="sum")],
        lambda x: [call(x(2, 3, 2, 2), classes(0, 1, 2, 2, 0, 0, 2, 1).reshape(2, 2, 2))],
    ),
    "Linear": Samples([call(3, 0), call(3, 2, False)], lambda x: [call(x(2, 4, 3)), call(x(0, 3))]),
    **{f"Conv{d}d": Samples(convolutions, lambda x, d=d: [call(x(2, 4, *SIZES[d]))]) for d in SIZES},
    **{f"ConvTranspose{d}d": Samples(transposed, lambda x, d=d: [call(x(2, 4, *SIZES[d]))]) for d in SIZES},
    **{f"BatchNorm{d}d": Samples(batch_norms, lambda x, d=d: [call(x(4, 3, *SIZES[d]))]) for d in SIZES},
    **{f"InstanceNorm{d}d": Samples(instance_norms, lambda x, d=d: [call(x(2, 3, *SIZES[d]))]) for d in SIZES},
    "LayerNorm": Samples(
        [call(4), call([3, 4], 0.1, bias=False), call((3, 4), elementwise_affine=False)], lambda x: [call(x(2, 3, 4))]
    ),
    "RMSNorm": Samples(
        [call(4), call((3, 4), 0.1), call([3, 4], elementwise_affine=False)], lambda x: [call(x(2, 3, 4))]
    ),
    "GroupNorm": Samples([call(2, 4), call(4, 4, 0.1, affine=False)], lambda x: [call(x(2, 4, 3, 2)), call(x(3, 4))]),
    "Bilinear": Samples([call(2, 3, 1, False)], lambda x: [call(x(2, 5, 2), x(2, 5, 3))]),
    "Embedding": Samples(
        [call(5, 3), call(5, 3, padding_idx=-1), call(5, 3, scale_grad_by_freq=True), call(5, 3, max_norm=0.5)],
        lambda x: [call(classes(0, 4, 4, 2)), call(classes(1, 2, 3, 4).reshape(2, 2))],
    ),
    "EmbeddingBag": Samples(
        [
            *(call(5, 3, mode=mode) for mode in ("mean", "sum", "max")),
            call(5, 3, padding_idx=4, mode="sum"),
            call(5, 3, mode="sum", include_last_offset=True),
            call(5, 3, scale_grad_by_freq=True, mode="sum"),
        ],
        lambda x: [
            call(classes(0, 1, 4, 4).reshape(2, 2)),
            call(classes(0, 1, 4, 4, 2), classes(0, 2, 5)),
            call(classes(0, 1, 4, 4, 2), classes(0, 2, 5), per_sample_weights=x(5)),
        ],
    ),
    "RNN": Samples([*recurrent, call(3, 4, nonlinearity="relu")], lambda x: [call(x(5, 3, 3)), call(packed(x))]),
    "GRU": Samples(recurrent, lambda x: [call(x(5, 3, 3)), call(packed(x))]),
    "LSTM": Samples([*recurrent, call(3, 4, proj_size=2)], lambda x: [call(x(5, 3, 3)), call(packed(x))]),
    "MultiheadAttention": Samples(
        [call(4, 2), call(4, 2, 0.3, batch_first=True), call(4, 1, bias=False, add_bias_kv=True, add_zero_attn=True)],
        lambda x: [
            call(x(3, 3, 4), x(3, 3, 4), x(3, 3, 4)),
            call(x(3, 3, 4), x(3, 3, 4), x(3, 3, 4), need_weights=False, attn_mask=lower(3), is_causal=True),
            call(x(3, 3, 4), x(3, 3, 4), x(3, 3, 4), average_attn_weights=False),
        ],
    ),
    "TransformerEncoderLayer": Samples(
        [call(**layer), call(**layer, dropout=0.0, activation="gelu", batch_first=True, norm_first=True, bias=False)],
        lambda x: [call(x(3, 2, 4)), call(x(3, 3, 4), src_mask=lower(3), is_causal=True)],
    ),
    "TransformerDecoderLayer": Samples(
        [call(**layer), call(**layer, dropout=0.0, activation="gelu", batch_first=True, norm_first=True, bias=False)],
        lambda x: [call(x(3, 2, 4), x(3, 2, 4)), call(x(3, 3, 4), x(3, 3, 4), tgt_mask=lower(3), tgt_is_causal=True)],
    ),
    "Transformer": Samples(
        [call(4, 2, 1, 2, 6), call(4, 2, 2, 1, 6, 0.0, "gelu", batch_first=True, norm_first=True)],
        lambda x: [call(x(3, 2, 4), x(3, 2, 4)), call(x(3, 3, 4), x(3, 3, 4), tgt_mask=lower(3), tgt_is_causal=True)],
    ),
}

# A stack takes a layer, and of the forward's arguments some by other names.
STACKS = {
    "TransformerEncoder": ("TransformerEncoderLayer", {"src_mask": "mask"}),
    "TransformerDecoder": ("TransformerDecoderLayer", {}),
}
