"""The walk: each sample of a module through all stages, in both modes, and what was found."""

from time import perf_counter

import torch

import tinygrad_edu as tg

from ..ops import Missing
from ..ops.found import NOTHING, Row
from ..ops.names import reach
from ..ops.samples import spread
from ..ops.stages import compared
from ..ops.walk import quiet
from . import stages
from .names import EXCLUDED, TABLE, theirs
from .own import Call
from .samples import Sample, drawn

ONCE = (stages.initial, stages.text, stages.state)
CALLED = (stages.forward, stages.gradient, stages.buffers, stages.copies)


def walk(key, dtypes=None, most=None):
    """The row of one module, walked in these dtypes, with at most so many of its samples."""
    row, start = Row(key), perf_counter()
    row.excluded = EXCLUDED.get(key, "")
    try:
        mine = None if row.excluded else reach(tg.nn, key)
    except Missing as error:
        row.missing = str(error)
    if row.excluded or row.missing:
        return row
    with quiet():
        for name in dtypes or ("float64", "float32"):
            for index, sample in drawn(key, getattr(torch, name), most):
                one_sample(row, mine, name, index, sample)
        for index, (sample, case) in spread(list(bad(key)), most):
            row.note("error", "", index, str(sample), stages.complaint(mine, sample, case.error_type))
    row.seconds = perf_counter() - start
    return row


def bad(key):
    """(sample, what torch's tests say of it) of each that torch refuses."""
    info = TABLE.get(key)
    if info and info.module_error_inputs_func:
        for case in info.module_error_inputs_func(info, "cpu", torch.float32, False, True):
            made, called = case.module_error_input.constructor_input, case.module_error_input.forward_input
            called = called and Call(called.args, called.kwargs)
            yield Sample(key, Call(made.args, made.kwargs), called or Call()), case


def one_sample(row, mine, dtype, index, sample):
    """All stages of one sample; what does not depend on the mode is asked once."""
    misses, reference = len(row.findings), theirs(row.key)
    asked = {}
    for stage in (*ONCE * sample.training, *CALLED):
        asked[stage.__name__] = compared(stage, mine, reference, sample, index, row.key)
    for stage, outcome in asked.items():
        row.note(stage, dtype, index, str(sample), outcome)
    if asked["forward"].verdict != NOTHING:
        row.ulp = max(row.ulp, asked["forward"].ulp)
        row.samples[dtype, len(row.findings) == misses] += 1


def again(key, dtype, index):
    """The row of one sample of a module, the one at this place among torch's and ours; without a dtype, of all."""
    if not dtype:
        return walk(key)
    row = Row(key)
    with quiet():
        one_sample(row, reach(tg.nn, key), dtype, index, dict(drawn(key, getattr(torch, dtype)))[index])
    return row
