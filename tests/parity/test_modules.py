"""The walk over torch's own table of modules: what passes, and that it finds what is wrong, missing, or refused."""

import json
import warnings

import numpy as np
import pytest

import tinygrad_edu as tg
from parity import __main__ as command

pytestmark = pytest.mark.torch

try:
    with warnings.catch_warnings(action="ignore"):
        from parity.modules.names import EXCLUDED, keys
except ImportError:  # without torch, nothing is walked
    EVERY = []
else:
    EVERY = keys([])


@pytest.fixture
def walk(torch):
    """The walk over one module."""
    pytest.importorskip("expecttest")
    with warnings.catch_warnings(action="ignore"):
        from parity.modules.walk import walk
    return walk


def told(row):
    return row.missing or "\n".join(
        f"{f.stage} {f.dtype} #{f.index} {f.verdict} ({f.sample}): {f.told} {f.where}" for f in row.findings
    )


@pytest.mark.parametrize("key", EVERY)
def test_some_samples_of_every_module(key, walk):
    row = walk(key, most=4)
    assert row.verdict == "pass", told(row)
    assert row.samples.total()


@pytest.mark.sweep
@pytest.mark.parametrize("key", EVERY)
def test_every_sample_of_every_module(key, walk, record_property):
    row = walk(key)
    record_property("examples", row.samples.total())
    assert row.verdict == "pass", told(row)


def test_every_module_of_ours_is_walked(walk):
    """But for containers and bases, which compute nothing, and for lazy modules, which begin without parameters."""
    containers = {"Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"}
    unasked = {*containers, "RNNBase", "RNNCellBase"}
    modules = {
        name for name in tg.nn.__all__ if hasattr(getattr(tg.nn, name), "forward") and not name.startswith("Lazy")
    }
    assert modules - unasked <= set(EVERY)
    assert not modules & set(EXCLUDED)


# ------------------------------------------------------------------ planted


def verdicts(row):
    """{stage: what became of it} of each stage that did not pass everywhere."""
    return {stage: verdict for stage, _, verdict in row.counts if verdict not in ("pass", "n/a")}


def test_every_stage_is_asked(walk):
    row = walk("Linear", most=2)
    assert {stage for stage, _, verdict in row.counts if verdict == "pass"} == {
        *("initial", "text", "forward", "gradient", "state", "copies")
    }
    assert ("buffers", "float64", "pass") in walk("BCELoss").counts
    assert ("error", "", "pass") in walk("MaxPool2d", most=2).counts


class Begun(tg.nn.Linear):
    def reset_parameters(self):
        super().reset_parameters()
        self.weight.array[...] *= 1 + np.finfo(self.weight.array.dtype).eps


class Drawn(tg.nn.Linear):
    def reset_parameters(self):
        super().reset_parameters()
        tg.rand(1)


class Shown(tg.nn.Linear):
    def extra_repr(self):
        return super().extra_repr() + "."


class Told(tg.nn.Linear):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.in_features = float(self.in_features)


class Computed(tg.nn.Linear):
    def forward(self, input):
        return super().forward(input) * (1 + 1e-4)


class OfTraining(tg.nn.Linear):
    def forward(self, input):
        return super().forward(input) * (1 if self.training else 1 + 1e-4)


class Learned(tg.nn.Linear):
    def forward(self, input):
        out = super().forward(input)
        return out.detach() + (out - out.detach()) * (1 + 1e-4)


class Saved(tg.nn.Linear):
    def load_state_dict(self, state_dict, *args, **kwargs):
        return super().load_state_dict({name: t.flip(0) for name, t in state_dict.items()}, *args, **kwargs)


class Copied(tg.nn.Linear):
    def __deepcopy__(self, memo):
        return Copied(self.in_features, self.out_features, self.bias is not None, dtype=self.weight.dtype)


@pytest.mark.parametrize(
    ("planted", "stages"),
    [
        (Begun, {"initial": "WRONG"}),
        (Drawn, {"initial": "WRONG"}),
        (Shown, {"text": "WRONG"}),
        (Told, {"text": "WRONG"}),
        (Computed, {"forward": "WRONG", "gradient": "WRONG", "copies": "WRONG"}),
        (OfTraining, {"forward": "WRONG", "gradient": "WRONG", "copies": "WRONG"}),
        (Learned, {"gradient": "WRONG"}),
        (Saved, {"state": "WRONG"}),
        (Copied, {"copies": "raises"}),
    ],
)
def test_what_is_wrong_is_found_and_its_stage_named(planted, stages, walk, monkeypatch):
    monkeypatch.setattr(tg.nn, "Linear", planted)
    monkeypatch.setattr(planted, "_get_name", lambda self: "Linear")
    row = walk("Linear", most=4)
    assert verdicts(row) == stages, told(row)


def test_a_missing_module_is_missing(walk, monkeypatch):
    monkeypatch.delattr(tg.nn, "ELU")
    row = walk("ELU")
    assert (row.verdict, row.missing) == ("missing", "there is no tinygrad_edu.nn.ELU")


def test_bad_input_that_is_accepted_is_a_miss(walk, monkeypatch):
    monkeypatch.setattr(tg.nn.MaxPool2d, "forward", lambda self, input: input)
    assert {f.verdict for f in walk("MaxPool2d", most=2).findings if f.stage == "error"} == {"accepts"}


@pytest.mark.parametrize(("off", "agree"), [(1e-7, True), (1e-4, False)])
def test_a_mean_that_is_nearly_nothing_may_be_off_by_the_rounding_of_what_was_summed(off, agree, walk):
    from parity.ops.compare import Result, difference

    ours, theirs = (Result(arrays=[np.float32([x])], summed=1.0) for x in (1e-5 + off, 1e-5))
    truth = Result(arrays=[np.array([1e-5])])
    assert (difference(ours, theirs, lambda: ours, lambda: truth) is None) is agree


# ------------------------------------------------------------------ the command


def test_the_command(capsys, tmp_path, walk):
    pytest.importorskip("rich")
    results = tmp_path / "a.json"
    assert command.main(["modules", "Elu"]) == 2
    assert "torch's table has no module 'Elu'" in capsys.readouterr().err
    assert command.main(["modules", "ELU", "Flatten", "--samples", "4", "--json", str(results)]) == 0
    assert "2 of 2 modules are here, 2 of them without a miss; 16 samples." in capsys.readouterr().out
    found = json.loads(results.read_text(), parse_constant=pytest.fail)
    assert found["agrees"] is True
    assert [row["key"] for row in found["modules"]] == ["ELU", "Flatten"]


def test_what_fails_is_shown_with_all_that_is_known(capsys, walk, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setattr(tg.nn.ELU, "forward", lambda self, input: input)
    monkeypatch.delattr(tg.nn, "CELU")
    assert command.main(["modules", "ELU", "CELU", "LazyConv1d", "-v"]) == 1
    printed = capsys.readouterr().out
    assert "forward float64 #0 WRONG  (ELU(alpha=2.0) of float64[3, 2, 5] with grad)" in printed
    assert "forward float64 #4 WRONG  (ELU(alpha=2.0) in eval mode of float64[3, 2, 5] with grad)" in printed
    assert "CELU: there is no tinygrad_edu.nn.CELU" in printed
    assert "excluded (1): LazyConv1d" in printed


@pytest.mark.sweep
def test_jobs_find_the_same(walk):
    from parity.ops.walk import walk_all

    rows = {n: sorted(walk_all(["ELU", "GELU"], most=2, jobs=n, walk=walk), key=lambda r: r.key) for n in (1, 2)}
    assert [row.counts for row in rows[1]] == [row.counts for row in rows[2]]
