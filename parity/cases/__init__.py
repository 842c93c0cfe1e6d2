"""What is trained in both engines: each case is ordinary torch code, for the module `torch` that it is handed."""

from .binary import ACTIVATIONS, BUILD, MODELS
from .book import Book
from .breast_cancer import BreastCancer
from .case import OPTIMIZERS, Options
from .gpt import GPT
from .lenet import LeNet
from .lstm import LSTM
from .surnames import CharCNN, TextMLP

CASES = {
    "toy": Book,
    "breast-cancer": BreastCancer,
    "text-mlp": TextMLP,
    "char-cnn": CharCNN,
    "lenet": LeNet,
    "lstm": LSTM,
    "gpt": GPT,
}

__all__ = [
    "ACTIVATIONS",
    "BUILD",
    "CASES",
    "GPT",
    "LSTM",
    "MODELS",
    "OPTIMIZERS",
    "Book",
    "BreastCancer",
    "CharCNN",
    "LeNet",
    "Options",
    "TextMLP",
]
