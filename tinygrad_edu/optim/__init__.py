"""Optimizers: each is its algebra, in torch's order of operations."""

from ..names import missing_from
from .adam import Adam, AdamW
from .optimizer import Optimizer
from .sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer"]

__getattr__ = missing_from(__name__)
