"""Drawings: what they hold, that Mermaid, DOT and SVG say it, and that names cannot break out of their quotes."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.explain import draw, recording

# All that our flowcharts may say, line by line. Every text is quoted, and says what Mermaid would read as its own by code.
TEXT = r"(?:[^\"#&<>\n]|<br/>|#(?:35|quot|amp|lt|gt);)+"
MERMAID = re.compile(
    r'flowchart LR| +n\d+(\["T"\]|\[\["T"\]\])|  subgraph n\d+f\["T"\]|  end|  n\d+ -->(\|"T"\|)? n\d+'
    r"|  classDef leaf stroke-dasharray: 4 3|  class n\d+(,n\d+)* leaf".replace("T", TEXT)
)
SVG = "{http://www.w3.org/2000/svg}"


def mlp():
    tg.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    with recording(model):
        loss = model(tg.randn(4, 2)).square().mean()
    return model, loss


def test_a_shared_value_is_one_box_with_an_arrow_for_each_use():
    a = tg.tensor(1.0, requires_grad=True)
    b = a + a
    c = b + b
    found = draw(c)
    assert [box.title for box in found.boxes] == ["c", "b", "a"]
    assert [(x.title, y.title, name) for x, y, name in found.arrows] == [
        ("b", "c", "x"),
        ("b", "c", "y"),
        ("a", "b", "x"),
        ("a", "b", "y"),
    ]
    assert found.boxes[2].lines == ["1", "∂ 4"]
    assert a.grad is None
    c.backward()  # nothing was freed


def test_the_gradients_that_it_shows_are_the_engines():
    model, loss = mlp()
    lines = {box.title: box.lines for box in draw(loss, model).boxes}
    loss.backward()
    for name, p in model.named_parameters():
        shown = lines[name][-1].replace("‖∂‖ ", "").replace("∂ ", "").strip("[]")
        assert float(shown) == pytest.approx(
            np.linalg.norm(p.grad.numpy()) * (1 if p.numel() > 1 else np.sign(p.grad.item())), rel=1e-5
        )


@pytest.mark.parametrize("fold", [False, ["0"], True])
def test_every_line_of_the_flowchart_is_one_that_mermaid_knows(fold):
    model, loss = mlp()
    lines = draw(loss, model, fold).mermaid().splitlines()
    assert [line for line in lines if not MERMAID.fullmatch(line)] == []
    known = {line.split("[")[0].strip() for line in lines if "[" in line and "subgraph" not in line}
    for line in lines:
        if "-->" in line:
            assert {line.split()[0], line.split()[-1]} <= known
    assert lines.count("  end") == sum("subgraph" in line for line in lines)


def test_modules_are_framed_and_fold_to_one_box_with_their_parameters():
    model, loss = mlp()
    framed = {box.title: box.module for box in draw(loss, model).boxes}
    assert (framed["0.weight"], framed["tanh1"], framed["2.bias"], framed["loss"]) == ("0", "1", "2", "")
    folded = draw(loss, model, fold=True)
    assert [box.title for box in folded.boxes] == ["loss", "square1", "2", "1", "0"]
    assert [(a.title, b.title) for a, b, _ in folded.arrows] == [
        ("square1", "loss"),
        ("2", "square1"),
        ("1", "2"),
        ("0", "1"),
    ]
    assert "0.weight" not in {box.title for box in draw(loss, model, fold=["0"]).boxes}


def test_a_module_that_is_called_twice_is_two_boxes_and_what_both_use_stays_outside():
    layer = nn.Linear(2, 2)
    model = nn.ModuleDict({"layer": layer})
    with recording(model):
        loss = layer(layer(tg.ones(1, 2))).sum()
    folded = draw(loss, model, fold=True)
    assert {box.title for box in folded.boxes} == {"loss", "layer", "layer (2)", "layer.weight", "layer.bias"}


def test_an_input_that_is_one_of_a_list_is_named_in_quotes():
    a = tg.ones(2, requires_grad=True)
    text = draw(tg.cat([a, a * 2]).sum()).mermaid()
    assert '-->|"tensors[1]"|' in text  # brackets without quotes are a syntax error
    assert all(MERMAID.fullmatch(line) for line in text.splitlines())


def test_a_shape_is_not_taken_for_a_value():
    one, four, matrix = tg.tensor(4.0, requires_grad=True), tg.ones(4, requires_grad=True), tg.ones(1, 4)
    lines = {box.title: box.lines for box in draw((one * four * matrix).sum()).boxes}
    assert (lines["one"][0], lines["four"][0], lines["mul1"][1], lines["mul2"][1]) == (
        "4",
        "4 entries",
        "4 entries",
        "1 × 4",
    )


def test_what_a_box_is_too_small_for_stands_in_its_title():
    x = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (title,) = [
        t.text for t in ET.fromstring(draw((x * x).sum()).svg()).iter(f"{SVG}title") if t.text.startswith("x\n")
    ]
    assert title == "x\nvalue [1, 2, 3]\ngradient [2, 4, 6]"


def test_the_picture_has_a_ground_for_each_call_of_a_module_and_none_for_folded_ones():
    model, loss = mlp()
    calls = lambda fold: [
        "".join(text.itertext())
        for text in ET.fromstring(draw(loss, model, fold).svg()).iter(f"{SVG}text")
        if text.get("class") == "call"
    ]
    assert calls(False) == ["2", "1", "0"]
    assert calls(["1"]) == ["2", "0"]
    ground = next(g for g in ET.fromstring(draw(loss, model).svg()).iter(f"{SVG}g") if g.get("class") == "ground")
    assert (len(ground.findall(f"{SVG}rect")), len(ground.findall(f"{SVG}path"))) == (
        3,
        2,
    )  # linear2 and its parameters


def test_the_pictures_styles_do_not_reach_the_page_around_it():
    model, loss = mlp()
    style = ET.fromstring(draw(loss, model).svg()).find(f"{SVG}style").text
    selectors = re.findall(r"^ *([^@{}\n]+?) \{", style, re.MULTILINE)
    assert selectors
    assert all(selector.startswith(".graph ") for selector in selectors)


def test_names_stay_inside_their_quotes():
    x = tg.ones(2, requires_grad=True)
    y = (x * x).sum()
    found = draw(y, {'"]; evil <b> & #lt; \\': x})
    assert all(MERMAID.fullmatch(line) for line in found.mermaid().splitlines())
    assert "#quot;]; evil #lt;b#gt; #amp; #35;lt; \\" in found.mermaid()
    assert '\\"]; evil' in found.dot()
    ET.fromstring(found.svg())


def test_the_picture_has_every_box_and_arrow(tmp_path):
    model, loss = mlp()
    found = draw(loss, model)
    found.svg(tmp_path / "graph.svg")
    picture = ET.parse(tmp_path / "graph.svg").getroot()
    titles = [
        g.find(f"{SVG}title").text.splitlines()[0]
        for g in picture.findall(f"{SVG}g")
        if g.find(f"{SVG}rect") is not None
    ]
    assert titles == [box.title for box in found.boxes]
    assert len([path for path in picture.iter(f"{SVG}path") if path.get("class") == "arrow"]) == len(found.arrows)
    assert "http" not in found.svg().replace("http://www.w3.org/2000/svg", "")


def test_a_recording_leaves_no_hook_behind_and_knows_where_it_is_after_an_error():
    class Fails(nn.Module):
        def forward(self, x):
            raise ArithmeticError

    model = nn.Sequential(nn.Linear(2, 2), Fails())
    with recording(model):
        with pytest.raises(ArithmeticError):
            model(tg.ones(1, 2))
        loss = model[0](tg.ones(1, 2)).sum()
        outside = loss * 2
    assert [box.module for box in draw(outside, model).boxes] == ["", "", "0 (2)", "0 (2)", "0 (2)"]
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
