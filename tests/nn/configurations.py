"""Modules with parameters, each made in several ways: {name: [(arguments, named arguments), ...]}."""


def made(*args, **named):
    return args, named


attention = dict(d_model=8, nhead=2, dim_feedforward=12)
recurrent = [made(5, 6), made(4, 3, 2, bidirectional=True, batch_first=True), made(3, 7, 3, bias=False, dropout=0.2)]
cells = [made(5, 6), made(3, 7, bias=False)]
padded = made(3, 4, 3, padding="same", padding_mode="circular", dilation=2)
convolutions = [made(6, 9, 3), padded, made(4, 6, 2, stride=2, padding=1, groups=2, bias=False)]
transposed = [made(6, 9, 3), made(4, 6, 3, 2, 1, 1, 2, False, 2), made(3, 4, 2, stride=3, dilation=2)]
batch = [made(5), made(17, momentum=None), made(3, affine=False), made(4, 0.1, track_running_stats=False, bias=False)]

CONFIGURATIONS = {
    "Linear": [made(3, 4), made(30, 17), made(5, 1, bias=False), made(0, 3), made(3, 0)],
    "Bilinear": [made(3, 4, 5), made(2, 9, 1, bias=False)],
    **{f"Conv{d}d": convolutions for d in (1, 2, 3)},
    "Conv2d": [
        *convolutions,
        made(2, 3, (1, 3), padding=(0, 1), padding_mode="reflect"),
        made(1, 1, 2, padding="valid"),
    ],
    **{f"ConvTranspose{d}d": transposed for d in (1, 2, 3)},
    **{f"BatchNorm{d}d": batch for d in (1, 2, 3)},
    **{f"InstanceNorm{d}d": [made(5), made(4, affine=True), made(3, track_running_stats=True)] for d in (1, 2, 3)},
    "LayerNorm": [made(5), made((3, 4), 0.1, bias=False), made([2, 2], elementwise_affine=False)],
    "GroupNorm": [made(2, 6), made(1, 4, 0.1, False), made(3, 3, bias=False)],
    "RMSNorm": [made(5), made((3, 4), 0.1), made([2, 2], elementwise_affine=False)],
    "Embedding": [made(10, 3), made(7, 5, padding_idx=-2), made(50, 16, 0, max_norm=1.0)],
    "EmbeddingBag": [made(10, 3), made(7, 5, padding_idx=2, mode="sum"), made(9, 17, mode="max")],
    "PReLU": [made(), made(4, 0.1)],
    **dict.fromkeys(("RNN", "GRU"), recurrent),
    "LSTM": [*recurrent, made(4, 5, proj_size=2)],
    **dict.fromkeys(("RNNCell", "GRUCell", "LSTMCell"), cells),
    "MultiheadAttention": [
        made(8, 2),
        made(8, 4, 0.1, bias=False, add_bias_kv=True, batch_first=True),
        made(6, 3, kdim=4, vdim=5),
    ],
    "TransformerEncoderLayer": [made(**attention), made(**attention, bias=False, norm_first=True)],
    "TransformerDecoderLayer": [made(**attention), made(**attention, bias=False, activation="gelu")],
    "Transformer": [made(8, 2, 1, 2, 12), made(8, 4, 2, 1, 5, batch_first=True)],
    "AdaptiveLogSoftmaxWithLoss": [made(8, 20, [4, 10]), made(16, 30, [5, 10, 15], 2.0, True)],
}
