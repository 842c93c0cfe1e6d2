"""Which language is a surname from? Answered from its letters alone, and by a convolution that sees their order.

After Rao and McMahan, Natural Language Processing with PyTorch, 2019, chapter 4. The 360 names are in surnames.txt.
"""

from functools import cache
from pathlib import Path

import numpy as np

from .case import Case

LETTERS, LONGEST = 26, 12


@cache
def surnames():
    """The names, and the number of each one's language."""
    lines = [line.split() for line in Path(__file__).with_suffix(".txt").read_text().splitlines() if line[0] != "#"]
    languages = sorted({language for language, *_ in lines})
    named = [(name.lower(), languages.index(language)) for language, *names in lines for name in names]
    return [name for name, _ in named], np.array([language for _, language in named])


def tokens(names):
    """A row of letters for each name: a is 1, and 0 stands behind its end."""
    return np.array([[ord(letter) - ord("a") + 1 for letter in name] + [0] * (LONGEST - len(name)) for name in names])


class Surnames(Case):
    """288 names in random order to learn from, in shuffled mini-batches of 32; the other 72 to test on."""

    classes, train_size = 6, 288

    def __init__(self, torch, options):
        super().__init__(torch, options)
        names, languages = surnames()
        x, order = self.encode(names), torch.randperm(len(names)).numpy()
        train, test = order[: self.train_size], order[self.train_size :]
        self.test = self.tensors(x[test], languages[test])
        self.loader = self.shuffled(x[train], languages[train])


class TextMLP(Surnames):
    """The text is a bag of letters: 1 for each one that is in the name, wherever it is."""

    optimizers = {"adam": 0.01, "adamw": 0.01, "sgd": 0.1}
    defaults = {"batch_size": 32, "epochs": 15}
    hidden = 64

    def encode(self, names):
        return (tokens(names)[..., None] == np.arange(1, LETTERS + 1)).any(1).astype(float)

    def build(self):
        nn = self.torch.nn
        return nn.Sequential(nn.Linear(LETTERS, self.hidden), nn.ReLU(), nn.Linear(self.hidden, self.classes))


class CharCNN(Surnames):
    """Each letter is a vector, and three convolutions look at neighbouring ones."""

    optimizers = {"adam": 0.003}
    defaults = {"batch_size": 32, "epochs": 15}
    channels = 32

    def encode(self, names):
        return tokens(names)

    def build(self):
        return char_cnn(self.torch, self.channels, self.classes)


def char_cnn(torch, channels, classes):
    nn = torch.nn

    class CharacterCNN(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(1 + LETTERS, channels, padding_idx=0)
            self.convnet = nn.Sequential(
                nn.Conv1d(channels, channels, kernel_size=3, padding=1),
                nn.ELU(),
                nn.Conv1d(channels, channels, kernel_size=3, stride=2),
                nn.ELU(),
                nn.Conv1d(channels, channels, kernel_size=3),
                nn.ELU(),
            )
            self.dropout = nn.Dropout(0.2)
            self.fc = nn.Linear(channels, classes)

        def forward(self, x):
            features = self.convnet(self.embedding(x).transpose(1, 2))
            return self.fc(self.dropout(features.mean(2)))

    return CharacterCNN()
