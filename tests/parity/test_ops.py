"""The walk over torch's own table of operators: what passes, and that it finds what is wrong, missing, or refused."""

import json
import re
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

import tinygrad_edu as tg
from parity import __main__ as command
from parity.ops import LISTS, listed

pytestmark = pytest.mark.torch

SOME = [
    key
    for line in (
        "exp log1p tanh sqrt reciprocal sign round.decimals_3 isnan",
        "add sub mul div.no_rounding_mode pow __rsub__ max.binary remainder clamp isclose logical_not",
        "sum mean prod amax logsumexp cumsum argmax count_nonzero max.reduction_with_dim std",
        "reshape permute expand repeat flip cat stack split.list_args diagonal tril T",
        "__getitem__ index_add index_put scatter_add masked_fill take_along_dim",
        "linspace.tensor_overload full_like empty randn randint uniform double item",
        "matmul bmm einsum softmax.with_dtype",
    )
    for key in line.split()
] + [
    f"nn.functional.{name}"
    for line in (
        "relu softplus binary_cross_entropy cross_entropy linear embedding layer_norm",
        "conv2d avg_pool2d pad.reflect dropout scaled_dot_product_attention",
    )
    for name in line.split()
]
EVERY = sorted({name for which in LISTS for name in listed(which)})


@pytest.fixture
def walk(torch):
    """The walk over one operator."""
    pytest.importorskip("expecttest")
    with warnings.catch_warnings(action="ignore"):
        from parity.ops.walk import walk
    return walk


def told(row):
    return "\n".join(
        f"{f.stage} {f.dtype} #{f.index} {f.verdict} ({f.sample}): {f.told} {f.where}" for f in row.findings
    )


@pytest.mark.parametrize("key", SOME)
def test_some_samples_of_some_operators(key, walk):
    row = walk(key, most=4)
    assert row.verdict == "pass", row.missing or told(row)
    assert row.samples.total()


@pytest.mark.sweep
@pytest.mark.parametrize("name", EVERY)
def test_every_sample_of_every_operator(name, walk, record_property):
    from parity.ops.found import agrees
    from parity.ops.names import keys

    samples = 0
    for row in map(walk, keys([name])):
        samples += row.samples.total()
        record_property("examples", samples)
        assert agrees([row]), row.missing or told(row)


def test_torch_has_every_operator_of_the_lists(walk):
    from parity.ops.names import keys

    assert len(keys(EVERY)) >= len(EVERY)
    assert all(len(listed(which)) == len(set(listed(which))) for which in LISTS)


# ------------------------------------------------------------------ planted


def verdicts(row, *stages):
    return [{verdict for stage, _, verdict in row.counts if stage == which} for which in stages]


def test_every_stage_is_asked(walk):
    row = walk("exp")
    assert row.verdict == "pass"
    assert not row.unasked
    assert verdicts(row, "forward", "gradient", "second", "in-place", "method") == [{"pass"}] * 5
    assert row.samples == {("float64", True): 3, ("float32", True): 3}


@pytest.mark.parametrize(
    ("planted", "wrong"),
    [
        (lambda x: x.exp() * (1 + 1e-4), {"forward", "gradient", "second"}),
        (lambda x: x.exp().detach() + (x - x.detach()) * x.exp().detach() * (1 + 1e-4), {"gradient", "second"}),
        (lambda x: x.exp().detach() * (1 + x - x.detach()), {"second"}),
        (lambda x: x.detach().exp(), {"gradient", "second"}),
        (lambda x: x.double().exp(), {"forward"}),
        (lambda x: [x.exp()], {"forward"}),
    ],
    ids=["value", "slope", "curvature", "no graph", "dtype", "list"],
)
def test_a_wrong_number_is_wrong_and_its_stage_named(planted, wrong, walk, monkeypatch):
    monkeypatch.setattr(tg, "exp", planted)
    row = walk("exp")
    assert row.verdict == "WRONG"
    assert {f.stage for f in row.findings if f.verdict == "WRONG"} == wrong
    assert verdicts(row, "method", "in-place") == [{"pass"}] * 2


def test_a_wrong_rule_of_one_part_in_ten_thousand_is_found_in_float32(walk, monkeypatch):
    monkeypatch.setattr(tg, "logsumexp", lambda x, *dim, **named: x.logsumexp(*dim, **named) * np.float32(1.0001))
    found = {(f.stage, f.verdict) for f in walk("logsumexp", ["float32"], most=6).findings}
    assert {("forward", "WRONG"), ("gradient", "WRONG")} <= found


def test_a_missing_operator_is_missing(walk, monkeypatch):
    for place in (tg, tg.Tensor):
        monkeypatch.delattr(place, "exp")
    row = walk("exp")
    assert row.verdict == "missing"
    assert row.missing == "there is no tinygrad_edu.exp, and no method exp"


def test_an_operator_that_a_wrapper_of_torchs_tests_misses_is_missing(walk, monkeypatch):
    monkeypatch.setattr("parity.ops.names.tg", SimpleNamespace(manual_seed=tg.manual_seed))
    row = walk("einsum", most=2)
    assert row.verdict == "missing"
    assert "einsum" in row.missing


def test_an_exception_is_a_miss_and_its_line_named(walk, monkeypatch):
    monkeypatch.setattr(tg, "exp", lambda x: x.reshape(7, 7, 7))
    row = walk("exp")
    assert row.verdict == "miss"
    assert {f.verdict for f in row.findings} == {"raises"}
    assert row.findings[0].told.startswith("ours raises RuntimeError: shape")
    assert row.findings[0].where.startswith("tinygrad_edu/")


def test_a_second_derivative_may_be_refused(walk, monkeypatch):
    monkeypatch.setattr(tg.exp.op, "once", True)
    row = walk("exp")
    assert row.verdict == "pass"
    assert verdicts(row, "gradient", "second") == [{"pass"}, {"refused"}]


def test_a_form_that_writes_elsewhere_is_a_miss(walk, monkeypatch):
    monkeypatch.setattr(tg.Tensor, "exp_", tg.Tensor.exp)
    row = walk("exp")
    assert {f.stage for f in row.findings} == {"in-place"}
    monkeypatch.delattr(tg.Tensor, "exp_")
    assert {(f.stage, f.verdict) for f in walk("exp").findings} == {("in-place", "missing")}


def test_bad_input_that_is_accepted_is_a_miss(walk, monkeypatch):
    monkeypatch.setattr(tg, "diagonal", lambda x, *dims, **named: x)
    assert {f.verdict for f in walk("diagonal", most=4).findings if f.stage == "error"} == {"accepts"}


def test_integers_are_equal_or_wrong(walk, monkeypatch):
    assert walk("add", ["int64"], most=4).verdict == "pass"
    monkeypatch.setattr(tg, "add", lambda x, y, **alpha: x.add(y, **alpha) + 1)
    row = walk("add", ["int64"], most=4)
    assert {f.stage for f in row.findings if f.verdict == "WRONG"} == {"forward"}


# ------------------------------------------------------------------ its parts


def test_a_copy_has_the_strides_and_the_numbers(torch, walk):
    from parity.ops.samples import Ours, Theirs, arguments

    base = torch.arange(24.0).reshape(4, 6)
    for t in (base.t(), base[1:, ::2], base[:, :1].expand(4, 5), base[0, 0], base[:0], base.bool().t()):
        sample = SimpleNamespace(input=t, args=([t, t],), kwargs={"dtype": torch.float64})
        ours, theirs = arguments(sample, Ours), arguments(sample, Theirs)
        mine, again = ours.args[0], theirs.args[0]
        assert (mine.shape, mine.stride()) == (again.shape, again.stride())
        assert mine.tolist() == again.tolist()
        assert ours.args[1][0] is ours.args[1][1] is mine
        assert ours.kwargs == {"dtype": tg.float64}


@pytest.mark.parametrize(
    ("ours", "theirs", "truth", "agree"),
    [
        (0.0, 1e-5, 0.0, True),
        (1e-5, 0.0, 0.0, False),
        (2.0, 2.001, 2.0, True),
        (2.0, 2.1, 2.0, False),
        (2.0, 2.001, 2.001, False),
    ],
)
def test_a_difference_that_is_torchs_rounding_is_not_ours(ours, theirs, truth, agree, walk):
    from parity.ops.compare import Result, difference

    numbers = zip((ours, theirs, truth), (np.float32, np.float32, np.float64))
    ours, theirs, truth = (Result(arrays=[np.full(3, x, dtype)], scale=1.0) for x, dtype in numbers)
    assert (difference(ours, theirs, lambda: ours, lambda: truth) is None) is agree


@pytest.mark.parametrize(("error", "agree"), [(1e-6, True), (1e-3, False)])
def test_where_the_judge_cannot_say_torchs_own_rounding_is_the_measure(error, agree, walk):
    from parity.ops.compare import Result, difference

    def again():
        raise np.linalg.LinAlgError("not positive definite")

    truth = np.linspace(1, 2, 9)
    rounding = 1e-7 * np.sin(np.arange(9))
    ours, theirs = (np.float32(truth + off) for off in (error, rounding))
    ours, theirs, exact = (Result(arrays=[a]) for a in (ours, theirs, truth))
    told = difference(ours, theirs, again, lambda: exact)
    assert told is None if agree else "by torch's own rounding; the judge cannot say" in told


def test_what_a_wrapper_of_torchs_tests_mentions_becomes_ours(torch, walk):
    from parity.ops.names import entry, function, method, ours

    assert function(entry("exp")) is tg.exp
    assert function(entry("nn.functional.relu")) is tg.nn.functional.relu
    assert function(entry("__getitem__")) is tg.Tensor.__getitem__
    assert function(entry("T"))(tg.ones(2, 3)).shape == (3, 2)
    assert ours(torch.nn.functional.relu) is tg.nn.functional.relu
    assert ours(torch.Tensor.exp) is tg.Tensor.exp
    assert method(torch.Tensor.exp_) is tg.Tensor.exp_


# ------------------------------------------------------------------ the command


def test_the_command(capsys, tmp_path, walk):
    pytest.importorskip("rich")
    results = tmp_path / "a.json"
    assert command.main(["ops", "exp", "silu", "--samples", "2"]) == 2
    assert "torch's table has no operator 'silu'" in capsys.readouterr().err
    assert command.main(["ops", "exp", "split.list_args", "--samples", "2", "--json", str(results)]) == 0
    printed = capsys.readouterr().out
    assert "2 of 2 operators are here, 2 of them without a miss; 8 samples." in printed
    assert "in-place float64" in printed
    found = json.loads(results.read_text(), parse_constant=pytest.fail)
    assert found["agrees"] is True
    assert [row["key"] for row in found["operators"]] == ["exp", "split.list_args"]
    assert found["rates"]["gradient float64"] == [4, 4]


def test_what_fails_is_shown_with_all_that_is_known(capsys, tmp_path, walk, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setattr(tg, "exp", lambda x: x.exp() + 1)
    monkeypatch.delattr(tg, "sin")
    monkeypatch.delattr(tg.Tensor, "sin")
    results = tmp_path / "a.json"
    assert command.main(["ops", "exp", "sin", "bmm.triton_optimized", "-v", "--json", str(results)]) == 1
    printed = capsys.readouterr().out
    assert re.search(r"forward float64 #0 WRONG  \(float64\[.*\] with grad\)\n    ours .*, torch .*, κ = ", printed)
    assert "sin: there is no tinygrad_edu.sin" in printed
    assert "excluded (1): bmm.triton_optimized" in printed
    exp, sin, _ = json.loads(results.read_text(), parse_constant=pytest.fail)["operators"]
    assert (exp["verdict"], sin["verdict"]) == ("WRONG", "missing")
    assert exp["findings"][0]["stage"] == "forward"


@pytest.mark.parametrize("arguments", [["--samples", "0"], ["--jobs", "0"], ["--json", "no/such/folder/a.json"]])
def test_usage(arguments, capsys):
    with pytest.raises(SystemExit) as exit:
        command.main(["ops", *arguments])
    assert exit.value.code == 2
    assert arguments[0] in capsys.readouterr().err


@pytest.mark.sweep
def test_jobs_find_the_same(walk):
    from parity.ops.walk import walk_all

    rows = {jobs: sorted(walk_all(["exp", "sum"], most=2, jobs=jobs), key=lambda row: row.key) for jobs in (1, 2)}
    assert [row.counts for row in rows[1]] == [row.counts for row in rows[2]]
