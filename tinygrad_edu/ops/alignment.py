"""The probability of a text, whichever way it is aligned with the steps of a recording: connectionist temporal classification.

Graves et al., Connectionist temporal classification: labelling unsegmented sequence data with recurrent neural networks, 2006.
"""

import numpy as np

from ..op import op


def extended(targets, lengths, blank):
    """Each text with blanks around its labels, and where a label may follow the last one without a blank: if they differ."""
    texts = np.full((len(targets), 2 * targets.shape[1] + 1), blank, np.int64)
    texts[:, 1::2] = np.where(np.arange(targets.shape[1]) < lengths[:, None], targets, blank)
    skips = np.zeros(texts.shape, bool)
    skips[:, 2:] = (texts[:, 2:] != blank) & (texts[:, 2:] != texts[:, :-2])
    return texts, skips


def shifted(rows, by, fill):
    """Rows moved on by so many places, or back."""
    moved = np.full_like(rows, fill)
    moved[:, max(by, 0) : rows.shape[1] + min(by, 0)] = rows[:, max(-by, 0) : rows.shape[1] - max(by, 0)]
    return moved


def ways(rows, skips, direction):
    """log Σ P of the places from which one comes to each: itself, its neighbour, and the one after that if it may be skipped."""
    near, far = (shifted(rows, by * direction, -np.inf) for by in (1, 2))
    return np.logaddexp(np.logaddexp(rows, near), np.where(skips, far, -np.inf))


def forwards(steps, skips):
    """α, log P(the text up to this place, in the steps up to this one), of log P(the place's label at the step)."""
    alpha = np.full_like(steps, -np.inf)
    alpha[:1, :, :2] = steps[:1, :, :2]
    for t in range(1, len(steps)):
        alpha[t] = ways(alpha[t - 1], skips, 1) + steps[t]
    return alpha


def backwards(steps, skips, end):
    """β, log P(the text from this place on, in the steps from this one on); `end` is 0 where text and recording end."""
    beta, skips = end + steps, shifted(skips, -2, False)
    for t in range(len(steps) - 2, -1, -1):
        beta[t] = np.logaddexp(end[t], ways(beta[t + 1], skips, -1)) + steps[t]
    return beta


def lattice(x, targets, input_lengths, target_lengths, blank):
    """(texts, log P of each place's label at each step, skips, where text and recording end); in float64, for the sums of
    logarithms along a recording lose the digits that float32 has."""
    texts, skips = extended(targets, target_lengths, blank)
    place, size = np.arange(texts.shape[1]), 2 * target_lengths[:, None] + 1
    steps = np.take_along_axis(x, np.broadcast_to(texts, (len(x), *texts.shape)), 2)
    last = np.arange(len(x))[:, None, None] == input_lengths[:, None] - 1
    end = np.where(last & (place >= size - 2), 0.0, -np.inf)
    return texts, np.where(place < size, steps, -np.inf).astype(np.float64), skips, end


def log_sum(a, axis):
    """log Σ eᵃ, also where nothing but -∞ is summed."""
    return np.logaddexp.reduce(a, axis, initial=-np.inf)


def posterior(x, *where):
    """P(this label is read at this step), given the text: (T, N, C)."""
    texts, steps, skips, end = lattice(x, *where)
    alpha, beta = forwards(steps, skips), backwards(steps, skips, end)
    both = alpha + beta - np.where(np.isinf(steps), 0, steps)  # each has the step's own probability
    total, out = log_sum(alpha + end, (0, 2)), np.zeros(x.shape)
    share = np.exp(both - total[:, None])
    t, n, _ = np.indices(share.shape)
    np.add.at(out, (t, n, np.broadcast_to(texts, share.shape)), share)
    out[:, np.isneginf(total)] = np.nan  # nothing is known of a text that cannot be
    return np.where(t[:, :, :1] < where[1][:, None], out, 0)


@op(
    dx=lambda g, x, targets, input_lengths, target_lengths, blank: np.where(
        g[:, None] == 0, 0, -g[:, None] * posterior(x, targets, input_lengths, target_lengths, blank)
    ),
    places="",
    once=True,
    sample=lambda rng, shape: np.log(rng.dirichlet(np.ones(shape[2]), shape[:2])),
    cases=[
        (
            [(6, 2, 4)],
            dict(targets=np.array([[1, 1], [3, 0]]), input_lengths=np.array([6, 4]), target_lengths=np.array([2, 1])),
        )
    ],
)
def ctc(x, targets, input_lengths, target_lengths, blank=0):
    """-log P(text) for log-probabilities (T, N, C) of C labels at T steps: Σ over its alignments of Π of their labels'.

    The slope in x is minus the posterior probability that the label was read at the step."""
    _, steps, skips, end = lattice(x, targets, input_lengths, target_lengths, blank)
    found = -log_sum(forwards(steps, skips) + end, (0, 2))
    silent = input_lengths == 0  # no step at all says an empty text for certain
    return np.where(silent, np.where(target_lengths == 0, 0, np.inf), found).astype(x.dtype)
