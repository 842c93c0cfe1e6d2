"""Functions that need no rule of their own: they are made of ops, and the chain rule does the rest."""

from . import activations, arithmetic, attention, bags, comparison, conversion, convolution, distances, dropout, einsum, embeddings, extrema, indexing, scattering, layers, losses, margins, matrices, multihead, normalization, padding, pooling, regression, resampling, systems, views, pieces, joining, turning, differences, norms, order, search, softmax, statistics
