"""What is trained in both engines: each case is ordinary torch code, for the module `torch` that it is handed."""

from .book import Book
from .breast_cancer import BreastCancer
from .case import ACTIVATIONS, MODELS, OPTIMIZERS, Options

CASES = {"toy": Book, "breast-cancer": BreastCancer}

__all__ = ["ACTIVATIONS", "CASES", "MODELS", "OPTIMIZERS", "Book", "BreastCancer", "Options"]
