"""The loss of a text that is aligned with a recording in any way: what ctc_loss asks of its arguments."""

import numpy as np

from ..compose import composed
from ..data import as_tensor
from ..ops.alignment import ctc
from ..ops.elementwise import exp
from ..ops.piecewise import where
from ..tensor import made
from .losses import REDUCTIONS, chosen


@composed(places="nn.functional")
def ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction="mean", zero_infinity=False):
    """-log P(text): log_probs (T, N, C), targets (N, S) or all texts in a row, the lengths of recordings and of texts.

    The mean is of the losses per label of the text. A text that is too long for its recording has an infinite loss, or 0 with
    `zero_infinity`. The gradient is torch's, which takes for granted that log_probs come from a log_softmax.
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html"""
    single = log_probs.array.ndim == 2
    x = log_probs.unsqueeze(1) if single else log_probs
    if x.array.ndim != 3:
        raise RuntimeError(f"ctc_loss(): log_probs must be (T, N, C) or (T, C), and has shape {list(log_probs.shape)}")
    if not x.is_floating_point():
        raise NotImplementedError(f'"ctc_loss_cpu" not implemented for {x.dtype}: convert with .float() first')
    T, N, C = x.shape
    if not 0 <= blank < C:
        raise RuntimeError(f"blank must be in label range: there are {C} labels, and blank is {blank}")
    inputs = lengths("input_lengths", input_lengths, N, T)
    texts = lengths("target_lengths", target_lengths, N)
    where_to = (padded(targets.array, texts, N, C), inputs, texts, blank)
    losses = ctc(x, *where_to)
    sure = exp(x) * made(np.arange(T)[:, None, None] < inputs[:, None], None).to(x.dtype)
    sure = sure.sum(
        (0, 2)
    )  # how many steps there are, which no log_softmax can change: it has the slope that torch adds
    losses = losses + (sure - sure.detach())
    if zero_infinity:
        losses = where(losses.isfinite(), losses, 0.0)
    reduction = chosen(reduction, None, None)
    if reduction == "mean":
        losses = losses / made(np.maximum(texts, 1).astype(x.array.dtype), None)
    return losses.squeeze(0) if single and reduction == "none" else REDUCTIONS[reduction](losses)


def lengths(name, given, batch, most=None):
    """The lengths as an array, one for each of the batch; torch's error if they make no sense."""
    found = np.atleast_1d(as_tensor(given).array)
    if found.dtype.kind not in "iu":
        raise RuntimeError(f"{name} must be integral: they count, and are {as_tensor(given).dtype}")
    if found.shape != (batch,):
        raise RuntimeError(f"{name} must be of size batch_size, {batch}, and has shape {list(found.shape)}")
    if found.size and found.min() < 0:
        raise RuntimeError(f"Expected {name} to have value at least 0, but got value {found.min()}")
    if most is not None and found.size and found.max() > most:
        raise RuntimeError(f"Expected {name} to have value at most {most}, but got value {found.max()}")
    return found.astype(np.int64)


def padded(targets, lengths, batch, labels):
    """The texts as rows of one length; torch's error where they do not fit."""
    longest = int(lengths.max(initial=0))
    rows = targets.astype(np.int64)
    if rows.ndim == 1 and not (batch == 1 and len(rows) >= longest):
        if len(rows) != lengths.sum():
            raise RuntimeError(
                f"Expected tensor to have size {lengths.sum()} at dimension 0, but got size {len(rows)} for argument #2"
                " 'targets': texts in a row must be as long as target_lengths says"
            )
        texts = np.split(rows, np.cumsum(lengths)[:-1]) if batch else []
        rows = np.zeros((batch, longest), np.int64)
        for row, text in zip(rows, texts):
            row[: len(text)] = text
    rows = rows.reshape(batch, -1)
    if rows.shape[1] < longest:
        raise RuntimeError(
            f"Expected tensor to have size at least {longest} at dimension 1, but got size {rows.shape[1]} for argument #2"
            " 'targets'"
        )
    rows = np.where(np.arange(rows.shape[1]) < lengths[:, None], rows, 0)
    if rows.size and not 0 <= rows.min() <= rows.max() < labels:
        raise RuntimeError(f"targets must be labels from 0 to {labels - 1}, and go from {rows.min()} to {rows.max()}")
    return rows
