"""An optimizer's update, judged on its own: what it is the sum of, and so how far its rounding may be off.

Both engines start from the same parameters, gradients and buffers. An update is a short formula, entry by entry; where
its terms cancel, what is left of them says nothing about their rounding, so each result is held against its terms."""

import numpy as np


def terms(update, state, shift=2.0**-10):
    """(results, eps (|result| + Σ |terms|)): what update(state) returns, and how large one rounding of it may be.

    A term's magnitude is how far the result moves, over δ, when the number that the term is made of grows by the factor
    1 + δ. `state` and the results are arrays by (quantity, tensor); each quantity grows in its turn."""
    results = update(state)
    moved = {key: np.zeros(a.shape) for key, a in results.items()}
    for quantity in {quantity for quantity, _ in state}:
        grown = update({key: a * a.dtype.type(1 + shift) if key[0] == quantity else a for key, a in state.items()})
        for key, a in results.items():
            moved[key] += np.abs(grown[key] - a)
    return results, {key: np.finfo(a.dtype).eps * (np.abs(a) + moved[key] / shift) for key, a in results.items()}
