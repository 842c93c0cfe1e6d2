"""The losses as modules, beside torch's."""

import pytest

import tinygrad_edu as tg
from tests.functional.agree import agree, values

from .shells import shown

probabilities = lambda t, *shape: values(t, *shape) ** 2 * 0.9 + 0.05
signs = lambda t, *shape: (values(t, *shape) > 0).long() * 2 - 1
bits = lambda t, *shape: (values(t, *shape) > 0).double()
classes = lambda t: t.tensor([1, 0, 2, 2])
weight = lambda t: values(t, 3) ** 2 + 0.1

# By the loss: what it is called with, but for `reduction`.
CALLS = {
    "L1Loss": lambda t: [values(t, 4, 3), values(t, 4, 3) ** 3],
    "MSELoss": lambda t: [values(t, 4, 3), values(t, 4, 3) ** 3],
    "SmoothL1Loss": lambda t: [values(t, 4, 3) * 3, values(t, 4, 3) ** 2],
    "HuberLoss": lambda t: [values(t, 4, 3) * 3, values(t, 4, 3) ** 2],
    "BCELoss": lambda t: [probabilities(t, 4, 3), bits(t, 4, 3)],
    "BCEWithLogitsLoss": lambda t: [values(t, 4, 3) * 9, bits(t, 4, 3)],
    "KLDivLoss": lambda t: [probabilities(t, 4, 3).log(), probabilities(t, 4, 3) / 2],
    "NLLLoss": lambda t: [values(t, 4, 3).log_softmax(1), classes(t)],
    "NLLLoss2d": lambda t: [values(t, 4, 3, 1, 1).log_softmax(1), classes(t).reshape(4, 1, 1)],
    "CrossEntropyLoss": lambda t: [values(t, 4, 3), classes(t)],
    "PoissonNLLLoss": lambda t: [probabilities(t, 4, 3), (values(t, 4, 3) * 4).abs().round()],
    "GaussianNLLLoss": lambda t: [values(t, 4, 3), values(t, 4, 3) ** 2, probabilities(t, 4, 3)],
    "HingeEmbeddingLoss": lambda t: [values(t, 4, 3), signs(t, 4, 3)],
    "CosineEmbeddingLoss": lambda t: [values(t, 4, 3), values(t, 4, 3) ** 2, signs(t, 4)],
    "MarginRankingLoss": lambda t: [values(t, 4), values(t, 4) ** 2, signs(t, 4)],
    "MultiMarginLoss": lambda t: [values(t, 4, 3), classes(t)],
    "MultiLabelMarginLoss": lambda t: [values(t, 2, 3), t.tensor([[1, -1, 0], [2, 0, -1]])],
    "MultiLabelSoftMarginLoss": lambda t: [values(t, 4, 3), bits(t, 4, 3)],
    "SoftMarginLoss": lambda t: [values(t, 4, 3), signs(t, 4, 3)],
    "TripletMarginLoss": lambda t: [values(t, 4, 3), values(t, 4, 3) ** 2, values(t, 4, 3) ** 3],
    "TripletMarginWithDistanceLoss": lambda t: [values(t, 4, 3), values(t, 4, 3) ** 2, values(t, 4, 3) ** 3],
}
OPTIONS = [
    ("SmoothL1Loss", lambda t: dict(beta=0.5)),
    ("HuberLoss", lambda t: dict(delta=2)),
    ("BCELoss", lambda t: dict(weight=weight(t))),
    ("BCEWithLogitsLoss", lambda t: dict(weight=weight(t), pos_weight=weight(t) * 2)),
    ("KLDivLoss", lambda t: dict(reduction="batchmean")),
    ("KLDivLoss", lambda t: dict(log_target=True)),
    ("NLLLoss", lambda t: dict(weight=weight(t), ignore_index=2)),
    ("CrossEntropyLoss", lambda t: dict(weight=weight(t), ignore_index=0, label_smoothing=0.1)),
    ("PoissonNLLLoss", lambda t: dict(log_input=False, full=True, eps=1e-4)),
    ("GaussianNLLLoss", lambda t: dict(full=True, eps=0.3)),
    ("HingeEmbeddingLoss", lambda t: dict(margin=0.2)),
    ("CosineEmbeddingLoss", lambda t: dict(margin=0.2)),
    ("MarginRankingLoss", lambda t: dict(margin=0.2)),
    ("MultiMarginLoss", lambda t: dict(p=2, margin=0.5, weight=weight(t))),
    ("MultiLabelSoftMarginLoss", lambda t: dict(weight=weight(t))),
    ("TripletMarginLoss", lambda t: dict(margin=0.5, p=1, eps=1e-3, swap=True)),
    ("TripletMarginWithDistanceLoss", lambda t: dict(margin=0.5, swap=True)),
    *((name, lambda t, reduction=r: dict(reduction=reduction)) for name in CALLS for r in ("mean", "sum", "none")),
]


@pytest.mark.parametrize(("name", "named"), OPTIONS)
def test_a_loss_is_torchs(name, named, torch):
    agree(lambda t: shown(t, getattr(t.nn, name)(**named(t)), *CALLS[name](t)), tg, torch)


OLD = [name for name in CALLS if not name.startswith(("NLLLoss2d", "Huber", "GaussianNLL", "TripletMarginWith"))]


@pytest.mark.parametrize("name", OLD)
@pytest.mark.parametrize(
    "said",
    [dict(size_average=False), dict(size_average=True, reduce=False), dict(reduce=True, reduction="none")],
    ids=str,
)
def test_what_is_deprecated_warns_and_is_understood(name, said, torch):
    made = []
    for engine in (tg, torch):
        with pytest.warns(Warning, match="size_average and reduce args will be deprecated") as caught:
            made.append(getattr(engine.nn, name)(**said))
        if engine is tg:
            assert caught[-1].filename == __file__
    assert made[0].reduction == made[1].reduction


def test_nllloss2d_warns(torch):
    for engine in (tg, torch):
        with pytest.warns(FutureWarning, match="`NLLLoss2d` has been deprecated"):
            loss = engine.nn.NLLLoss2d()
        assert isinstance(loss, engine.nn.NLLLoss)


def test_any_distance(torch):
    def program(t):
        far = t.nn.TripletMarginWithDistanceLoss(distance_function=t.nn.CosineSimilarity(), margin=0.5)
        own = t.nn.TripletMarginWithDistanceLoss(distance_function=lambda x, y: (x - y).abs().sum(-1))
        inputs = CALLS["TripletMarginLoss"](t)
        texts = repr(far), repr(own), repr(t.nn.TripletMarginWithDistanceLoss())
        return [[far(*inputs), own(*inputs)], *texts]

    agree(program, tg, torch)


REFUSED = {
    "an unknown reduction": lambda t: t.nn.MSELoss(reduction="most")(t.ones(2), t.ones(2)),
    "δ that is no number": lambda t: t.nn.HuberLoss(delta="1"),
    "no margin": lambda t: t.nn.TripletMarginLoss(margin=0),
    "no margin for a distance": lambda t: t.nn.TripletMarginWithDistanceLoss(margin=-1.0),
    "a cube": lambda t: t.nn.MultiMarginLoss(p=3),
    "a matrix of weights": lambda t: t.nn.MultiMarginLoss(weight=t.ones(2, 2)),
    "weights that are no tensor": lambda t: t.nn.CrossEntropyLoss(weight=[1.0, 2.0]),
    "options by place": lambda t: t.nn.GaussianNLLLoss(True),
    "a distance by place": lambda t: t.nn.TripletMarginWithDistanceLoss(None),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_refuses_is_refused(name, torch):
    with pytest.raises(Exception) as theirs:  # noqa: PT011 (whatever torch raises)
        REFUSED[name](torch)
    with pytest.raises(theirs.type):
        REFUSED[name](tg)


def test_without_torch_a_weight_is_a_buffer():
    loss = tg.nn.CrossEntropyLoss(weight=tg.tensor([1.0, 2.0]))
    assert list(loss.state_dict()) == ["weight"]
    assert loss.double().weight.dtype is tg.float64
    assert repr(loss) == "CrossEntropyLoss()"
    assert list(tg.nn.CrossEntropyLoss().state_dict()) == []
