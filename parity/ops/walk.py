"""The walk: each sample of an operator through all stages, and what was found."""

import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from time import perf_counter

import numpy as np
import torch

from . import Missing, names, stages
from .found import MISSING, NOTHING, PASS, Outcome, Row
from .samples import described, drawn, spread
from .stages import compared, complaint


def walk(key, dtypes=None, most=None):
    """The row of one operator, walked in these dtypes, with at most so many of its samples."""
    op, row, start = names.entry(key), Row(key), perf_counter()
    known = names.dtypes(op, [getattr(torch, d) for d in dtypes or ()])
    row.excluded = names.EXCLUDED.get(key, "" if known else "torch has it on the CPU for none of these dtypes")
    try:
        mine = None if row.excluded else names.function(op)
    except Missing as error:
        row.missing = str(error)
    if row.excluded or row.missing:
        return row
    with quiet():
        for dtype in known:
            for index, sample in drawn(op, dtype, most):
                one_sample(row, op, mine, dtype, index, sample)
        for index, sample in drawn(op, known[0], 1):
            for name, alias, theirs in stages.other_names(op):
                same = Outcome(PASS) if alias is mine else compared(stages.value, alias, theirs, sample, index, key)
                row.note("alias", "", index, name, same)
        for index, case in spread(op.error_inputs("cpu") if op.error_inputs_func else (), most):
            row.note("error", "", index, described(case.sample_input), complaint(mine, op.op, case))
    if {verdict for stage, _, verdict in row.counts if stage == "forward"} == {MISSING}:
        row.missing = row.findings[0].told
    row.seconds = perf_counter() - start
    return row


def walk_all(keys, dtypes=None, most=None, jobs=1, walk=walk):
    """The rows of these operators, or of what else `walk` walks, each as soon as it is done."""
    if jobs == 1:
        yield from (walk(key, dtypes, most) for key in keys)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        for done in as_completed([pool.submit(walk, key, dtypes, most) for key in keys]):
            yield done.result()


@contextmanager
def quiet():
    """No warnings of either engine's, and one thread, as everywhere where numbers are compared."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with warnings.catch_warnings(action="ignore"), np.errstate(all="ignore"):
        yield
    torch.set_num_threads(threads)


def one_sample(row, op, mine, dtype, index, sample):
    """All stages of one sample. If its arguments are beyond us, nothing is asked."""
    name, key, misses = str(dtype).removeprefix("torch."), row.key, len(row.findings)
    value = stages.of_value(op, dtype)
    found = {"forward": compared(value, mine, op.op, sample, index, key)}
    if found["forward"].verdict != NOTHING:
        row.ulp = max(row.ulp, found["forward"].ulp)
        slopes = op.supports_autograd and dtype.is_floating_point
        if slopes:
            found["gradient"] = compared(stages.gradient, mine, op.op, sample, index, key)
        if slopes and op.supports_gradgrad and dtype is torch.float64:
            found["second"] = compared(stages.second, mine, op.op, sample, index, key)
        for stage, form, theirs in stages.forms(op, sample):
            both = stage == "in-place" and slopes and op.supports_inplace_autograd
            compute = stages.value_and_gradient if both else value
            found[stage] = compared(compute, form, theirs, sample, index, key)
    for stage, outcome in found.items():
        row.note(stage, name, index, described(sample), outcome)
    if found["forward"].verdict != NOTHING:
        row.samples[name, len(row.findings) == misses] += 1


def again(key, dtype, index):
    """The row of one sample of an operator, the one at this place among torch's; without a dtype, of all that is asked."""
    if not dtype:
        return walk(key)
    op, row, dtype = names.entry(key), Row(key), getattr(torch, dtype)
    with quiet():
        one_sample(row, op, names.function(op), dtype, index, dict(drawn(op, dtype))[index])
    return row
