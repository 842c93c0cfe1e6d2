"""An engine beside torch: a right one agrees, and what is wrong in another is found where it is."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from parity.engines import judge
from parity.engines.judge import Unsure
from parity.engines.names import Unpaired

RNG = np.random.default_rng(0)
BATCHES = [(RNG.normal(size=(16, 3)), RNG.normal(size=(16, 3))) for _ in range(4)]


class Network:
    """relu(x A + a) B + b with the mean squared error, and SGD with momentum."""

    def __init__(self):
        shapes = {"A": (3, 4), "a": (4,), "B": (4, 3), "b": (3,)}
        self.p = {name: np.zeros(shape) for name, shape in shapes.items()}
        self.velocity = {}

    def parameters(self):
        return self.p

    def load(self, parameters):
        self.p = parameters

    def gradients(self, x, y):
        h = np.maximum(x @ self.p["A"] + self.p["a"], 0)
        error = h @ self.p["B"] + self.p["b"] - y
        d_out = 2 * error / error.size
        d_hidden = (h > 0) * (d_out @ self.p["B"].T)
        return np.mean(error**2), {"A": x.T @ d_hidden, "a": d_hidden.sum(0), "B": h.T @ d_out, "b": d_out.sum(0)}

    def update(self, gradients):
        for name, g in gradients.items():
            self.velocity[name] = 0.9 * self.velocity.get(name, 0) + g
            self.p[name] = self.p[name] - self.p[name].dtype.type(0.1) * self.velocity[name]

    def state(self):
        return {"momentum_buffer": self.velocity}


def reference(torch):
    nn = torch.nn
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 3))
    return model, nn.MSELoss(), torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def without_optimizer(torch):
    return reference(torch)[:2]


def judged(engine, reference=reference, steps=6, dtypes=("float64",)):
    return judge(engine, reference, BATCHES, steps, dtypes)


def test_a_right_engine_agrees_in_both_dtypes(torch):
    report = judged(Network, steps=20, dtypes=())
    assert report.agrees
    assert report.finding is None
    assert [run.dtype for run in report.runs] == ["float64", "float32"]
    for run in report.runs:
        assert [ledger.name for ledger in run.ledgers] == ["lock-step", "optimizer", "free-running"]
        assert all({row.tensor for row in ledger.rows.values()} >= set("AaBb") for ledger in run.ledgers)
        assert ("momentum_buffer", "A") in run.ledgers[1].rows
    assert 0 < max(row.kappa.value for row in report.runs[1].ledgers[0].rows.values()) < 20


@pytest.mark.parametrize("seed", range(2))
def test_a_right_engine_agrees_from_any_weights(seed, torch):
    def seeded(torch):
        torch.manual_seed(seed)
        return reference(torch)

    assert judged(Network, seeded, 10, ("float32",)).agrees


class Mistaken(Network):
    """Its mistakes are made after the right computation."""

    def gradients(self, x, y):
        loss, g = super().gradients(x, y)
        return self.mistake(loss, dict(g))


class Summed(Mistaken):
    def mistake(self, loss, g):
        return loss * 48, {name: a * 48 for name, a in g.items()}


class Off(Mistaken):
    def mistake(self, loss, g):
        return loss, g | {"B": g["B"] * g["B"].dtype.type(1 + 1e-4)}


class OneEntryOff(Mistaken):
    def mistake(self, loss, g):
        g["A"][2, 1] += 1e-9
        return loss, g


class Missing(Mistaken):
    def mistake(self, loss, g):
        del g["b"]
        return loss, g


class NoArray(Mistaken):
    def mistake(self, loss, g):
        return loss, g | {"b": None}


class TooMany(Mistaken):
    def mistake(self, loss, g):
        return loss, g | {"c": g["b"]}


class NotANumber(Mistaken):
    def mistake(self, loss, g):
        return loss * np.nan, g


class Turned(Mistaken):
    def mistake(self, loss, g):
        return loss, g | {"A": g["A"].T}


MISTAKES = {
    Summed: ("loss", "loss", "≠"),
    Off: ("gradient", "B", "≠"),
    OneEntryOff: ("gradient", "A", "[2, 1] "),
    Missing: ("gradient", "b", "only the reference has it"),
    NoArray: ("gradient", "b", "only the reference has it"),
    TooMany: ("gradient", "c", "only our engine has it"),
    NotANumber: ("loss", "loss", "nan in it"),
    Turned: ("gradient", "A", "of shape (4, 3)"),
}


@pytest.mark.parametrize("engine", MISTAKES, ids=lambda engine: engine.__name__)
def test_a_mistake_is_found_in_the_first_step(engine, torch):
    report = judged(engine)
    dtype, ledger, row = report.first_failure
    quantity, tensor, words = MISTAKES[engine]
    assert (dtype, ledger, row.failed_step, row.quantity, row.tensor) == ("float64", "lock-step", 1, quantity, tensor)
    assert words in row.failure
    found = report.finding.as_json()
    assert (found["what"], found["tensor"], found["step"], found["view"]) == (quantity, tensor, 1, "local")
    assert [i["name"] for i in found["inputs"]] == ["x", "y"]


def test_a_finding_names_the_entry_and_both_numbers(torch):
    report = judged(OneEntryOff, dtypes=("float64",))
    found = report.finding.as_json()
    assert found["index"] == [2, 1]
    assert found["ours"] - found["torch"] == pytest.approx(1e-9, rel=1e-5)
    assert found["delta"] == pytest.approx(1e-9, rel=1e-5)
    assert found["ulp"] > 1000
    assert found["kappa"] is None


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_usual_mistake_is_named(dtype, torch):
    (cause,) = judged(Summed, dtypes=(dtype,)).finding.causes
    assert "times 48" in cause
    assert "a sum where the reference takes the mean" in cause
    assert judged(Turned, dtypes=(dtype,)).finding.causes[0].startswith("ours is the reference transposed")
    assert judged(Missing, dtypes=(dtype,)).finding.causes == []


def test_in_float32_kappa_finds_a_ten_thousandth(torch):
    found = judged(Off, dtypes=("float32",)).finding
    assert (found.row.quantity, found.row.tensor) == ("gradient", "B")
    assert found.as_json()["kappa"] > 64


def test_float64_where_float32_is_asked_for(torch):
    class Wide(Mistaken):
        def mistake(self, loss, g):
            return loss, {name: a.astype(float) for name, a in g.items()}

    assert judged(Wide).agrees
    assert "it is float64" in judged(Wide, dtypes=("float32",)).first_failure[2].failure


def test_an_engine_may_write_into_what_it_is_given(torch):
    class Careless(Network):
        def gradients(self, x, y):
            loss, g = super().gradients(x, y)
            for a in (x, y, *self.p.values()):
                a *= 2
            for p in self.p:
                self.p[p] /= 2
            return loss, g

    assert judged(Careless).agrees


# ------------------------------------------------------------------ the optimizer, and what steps leave behind


class Faster(Network):
    def update(self, gradients):
        super().update({name: g * (1 + 1e-6) for name, g in gradients.items()})


class Stale(Network):
    """The gradients of all batches add up, from load to load."""

    def load(self, parameters):
        super().load(parameters)
        self.sums = {}

    def gradients(self, x, y):
        loss, g = super().gradients(x, y)
        self.sums = {name: self.sums.get(name, 0) + a for name, a in g.items()}
        return loss, self.sums


def test_a_wrong_update_is_found_by_the_optimizers_own_ledger(torch):
    _, ledger, row = judged(Faster).first_failure
    assert (ledger, row.quantity, row.failed_step) == ("optimizer", "momentum_buffer", 1)


class Mean(Network):
    """b ← 0.9 b + 0.1 g"""

    def update(self, gradients):
        for name, g in gradients.items():
            self.velocity[name] = 0.9 * self.velocity[name] + 0.1 * g if name in self.velocity else +g
            self.p[name] = self.p[name] - 0.1 * self.velocity[name]


def test_a_usual_mistake_of_optimizers_is_named(torch):
    finding = judged(Mean).finding
    assert (finding.row.failed_step, finding.row.quantity) == (2, "momentum_buffer")
    assert "ours has b ← μ b + (1 - μ) g" in finding.causes[0]


def test_each_update_begins_with_the_references_buffers(torch):
    class Forgetful(Network):
        def load(self, parameters):
            super().load(parameters)
            for v in self.velocity.values():
                v[...] = np.nan

    assert judged(Forgetful).agrees


def test_without_a_state_the_parameters_are_judged(torch):
    class Silent(Faster):
        state = None

        def __getattribute__(self, name):
            if name == "state":
                raise AttributeError(name)
            return super().__getattribute__(name)

    _, ledger, row = judged(Silent).first_failure
    assert (ledger, row.quantity, row.failed_step) == ("optimizer", "parameter", 1)


def test_a_buffer_that_torch_does_not_know_is_a_disagreement(torch):
    class Renamed(Network):
        def state(self):
            return {"velocity": self.velocity}

    assert judged(Renamed).first_failure[2].failure == "only our engine has it"


def test_what_a_step_leaves_behind_is_found_in_the_free_run(torch):
    report = judged(Stale)
    _, ledger, row = report.first_failure
    assert (ledger, row.quantity, row.failed_step) == ("free-running", "parameter", 2)
    assert report.finding.as_json()["view"] == "free"


def test_an_engine_that_trains_needs_a_reference_that_does(torch):
    with pytest.raises(Unsure, match="optimizer"):
        judged(Network, without_optimizer)


def test_gradients_alone_are_judged_along_a_training_of_the_reference(torch):
    still = lambda: SimpleNamespace(**{name: getattr(network, name) for name in ("parameters", "load", "gradients")})
    network = Network()
    report = judged(still, without_optimizer)
    assert report.agrees
    assert [ledger.name for ledger in report.runs[0].ledgers] == ["lock-step"]


def test_the_judge_does_not_speak_where_its_own_engine_fails(torch):
    def unlike(torch):
        model, loss_fn, optimizer = reference(torch)
        return model, lambda p, y: loss_fn(p, y) * (1.5 if torch.__name__ == "torch" else 1), optimizer

    with pytest.raises(Unsure, match="tinygrad_edu itself"):
        judged(Network, unlike)


# ------------------------------------------------------------------ names and orientations


def test_parameters_are_paired_in_their_order_and_turned_where_the_shape_tells(torch):
    assert [str(p) for p in judged(Network).pairs] == ["A = 0.weight.T", "a = 0.bias", "B = 2.weight.T", "b = 2.bias"]


def test_names_pair_them_in_any_order(torch):
    class Shuffled(Network):
        names = {"A": "0.weight", "B": "2.weight.T", "b": "2.bias", "a": "0.bias"}

        def parameters(self):
            return {name: self.p[name] for name in "bABa"}

    assert judged(Shuffled).agrees


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        ({"A": "0.weight"}, "one by one"),
        ({"A": "0.weight", "a": "0.bias", "B": "2.weight", "b": "3.bias"}, "one by one"),
        ({"A": "0.weight", "a": "2.bias", "B": "2.weight", "b": "0.bias"}, r"a has the shape \(4,\)"),
    ],
)
def test_parameters_that_do_not_fit(names, complaint, torch):
    with pytest.raises(Unpaired, match=complaint):
        judged(type("Misnamed", (Network,), {"names": names}))


def test_a_square_matrix_that_lies_the_other_way_round_is_named(torch):
    class Square:
        def __init__(self):
            self.p = {"W": np.zeros((3, 3)), "b": np.zeros(3)}

        def parameters(self):
            return self.p

        def load(self, parameters):
            self.p = parameters

        def gradients(self, x, y):
            error = x @ self.p["W"] + self.p["b"] - y
            d_out = 2 * error / error.size
            return np.mean(error**2), {"W": x.T @ d_out, "b": d_out.sum(0)}

    def linear(torch):
        return torch.nn.Linear(3, 3), torch.nn.MSELoss()

    report = judged(Square, linear)
    assert report.finding.causes[0].startswith("W is transposed")
    names = {"W": "weight.T", "b": "bias"}
    assert str(names).replace("'", '"') in report.finding.causes[0]
    assert judged(type("Named", (Square,), {"names": names}), linear).agrees


# ------------------------------------------------------------------ the examples

EXAMPLES = {"numpy_mlp": (), "micrograd_engine": ("micrograd",), "mygrad_engine": ("mygrad",)}
FOLDER = Path(__file__).parents[3] / "examples" / "engines"


def adapter(text):
    """How many lines the adapter's class has."""
    return len(text[text.index('    """The adapter') :].split("\n\n\n")[0].splitlines()) + 1


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_agrees_and_its_adapter_has_at_most_30_lines(name, torch, capsys):
    for package in ("rich", *EXAMPLES[name]):
        pytest.importorskip(package)
    from parity.__main__ import main

    assert {path.stem for path in FOLDER.glob("*.py")} == set(EXAMPLES)
    path = FOLDER / f"{name}.py"
    assert main(["engine", str(path), "--steps", "8"]) == 0
    assert "The engines agree." in capsys.readouterr().out
    assert adapter(path.read_text()) <= 30
