"""Functions that need no rule of their own: they are made of ops, and the chain rule does the rest."""

from . import arithmetic, comparison, conversion, extrema, losses, shapes
