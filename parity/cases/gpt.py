"""Which character comes next? A GPT of two layers reads Lewis Carroll (carroll.txt).

Radford et al., Language models are unsupervised multitask learners, 2019: normalization before each part, the table of
tokens used again for the output, and its initial weights.
"""

from functools import cache
from pathlib import Path

import numpy as np

from .case import Case


@cache
def text():
    """The characters as numbers, and how many different ones there are."""
    lines = Path(__file__).with_name("carroll.txt").read_text().splitlines(keepends=True)
    characters = "".join(line for line in lines if line[0] != "#")
    vocabulary = sorted(set(characters))
    return np.array([vocabulary.index(character) for character in characters]), len(vocabulary)


class GPT(Case):
    """Windows of 32 characters, in shuffled mini-batches of 16, each with the window one further on; the last tenth to test on."""

    optimizers = {"adamw": 0.001}
    defaults = {"batch_size": 16, "epochs": 4}
    window, stride, width, heads, depth, dropout, decay = 32, 8, 64, 4, 2, 0.1, 0.1

    def __init__(self, torch, options):
        super().__init__(torch, options)
        characters, _ = text()
        n = len(characters) * 9 // 10
        x, y = self.windows(characters[n:], self.window)
        self.test = self.tensors(x, y.ravel())
        self.loader = self.shuffled(*self.windows(characters[:n], self.stride))

    def windows(self, characters, stride):
        view = np.lib.stride_tricks.sliding_window_view(characters, self.window + 1)[::stride]
        return view[:, :-1], view[:, 1:]

    def build(self):
        _, vocabulary = text()
        return gpt(self.torch, vocabulary, self.window, self.width, self.heads, self.depth, self.dropout)

    def groups(self):
        """Matrices shrink, vectors do not."""
        parameters = list(self.model.parameters())
        return [
            {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": self.decay},
            {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
        ]

    def backward(self, x, y):
        return super().backward(x, y.flatten())

    def output(self, x):
        return self.model(x).flatten(0, 1)


def gpt(torch, vocabulary, window, width, heads, depth, dropout):
    nn, functional = torch.nn, torch.nn.functional

    class SelfAttention(nn.Module):
        def __init__(self):
            super().__init__()
            self.qkv = nn.Linear(width, 3 * width, bias=False)
            self.projection = nn.Linear(width, width)
            self.dropout = nn.Dropout(dropout)

        def forward(self, x):
            n, length, _ = x.shape
            q, k, v = (part.view(n, length, heads, -1).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1))
            p = self.dropout.p if self.training else 0.0
            heard = functional.scaled_dot_product_attention(q, k, v, dropout_p=p, is_causal=True)
            return self.dropout(self.projection(heard.transpose(1, 2).reshape(n, length, width)))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.attention = nn.LayerNorm(width), SelfAttention()
            self.norm2 = nn.LayerNorm(width)
            self.mlp = nn.Sequential(
                nn.Linear(width, 4 * width),
                nn.GELU(approximate="tanh"),
                nn.Linear(4 * width, width),
                nn.Dropout(dropout),
            )

        def forward(self, x):
            x = x + self.attention(self.norm1(x))
            return x + self.mlp(self.norm2(x))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens = nn.Embedding(vocabulary, width)
            self.positions = nn.Embedding(window, width)
            self.dropout = nn.Dropout(dropout)
            self.blocks = nn.ModuleList([Block() for _ in range(depth)])
            self.norm = nn.LayerNorm(width)
            self.head = nn.Linear(width, vocabulary, bias=False)
            self.head.weight = self.tokens.weight
            self.apply(initialize)

        def forward(self, x):
            h = self.dropout(self.tokens(x) + self.positions(torch.arange(x.shape[1])))
            for block in self.blocks:
                h = block(h)
            return self.head(self.norm(h))

    def initialize(module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    return GPT()
