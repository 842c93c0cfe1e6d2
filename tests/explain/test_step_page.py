"""The stepper's page: one small file, walked by keyboard alone, which shows the numbers that the steps carry."""

import re

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.explain import explain, recording

from .losses import book, two_layers
from .structure import check


def explained(loss):
    model, compute = loss
    with recording():
        value = compute()
    return explain(value, model)


@pytest.fixture(scope="module")
def found():
    return explained(book())


@pytest.fixture(scope="module")
def diamond():
    a = tg.tensor(3.0, requires_grad=True)
    with recording():
        b = a + a
        c = b * b
    return explain(c)


def test_the_page_is_whole_small_and_needs_nothing(found):
    page = found.html()
    assert len(page.encode()) < 60_000  # of the 300,000 that it may have
    structure = check(page)
    assert len(structure.all("article")) == len(found) == 6
    assert structure.texts["h1"].startswith("6 steps back from value = 0.7")


def test_it_can_be_written_to_a_file(found, tmp_path):
    text = found.html(tmp_path / "steps.html")
    assert (tmp_path / "steps.html").read_text(encoding="utf-8") == text


def test_in_a_notebook_it_is_a_frame_of_its_own(browser, diamond):
    shown = diamond._repr_html_()
    assert re.fullmatch(r"<iframe [^<>]*></iframe>", shown)
    script = """
      const inside = find("iframe").contentDocument;
      const found = [];
      for (let i = 0; i < 2; i++) { await press("n", inside.body); found.push(inside.getElementById("where").textContent); }
      return found;
    """
    notebook = f"<!doctype html><html><head><title>a notebook</title></head><body>{shown}</body></html>"
    assert browser.run(notebook, script) == ["Step 2 of 3: b", "Step 3 of 3: a"]


def test_what_a_program_calls_its_things_is_text():
    x = tg.ones((), requires_grad=True)
    page = explain(x * 1, {"<b>&\"'": x}).html()
    check(page)
    assert "<b>&" not in page


def test_an_edge_goes_from_each_step_to_each_input(found):
    page = found.html()
    edges = set(re.findall(r'data-step="(\d+)" data-to="(\d+)"', page))
    assert edges == {("1", "2"), ("2", "3"), ("3", "4"), ("4", "5"), ("4", "6")}


# ---------------------------------------------------------------- in a browser

SEEN = """
    const seen = () => [...document.querySelectorAll("article")].filter((a) => a.offsetParent).map((a) =>
      a.querySelector("h2").firstChild.textContent + ": " + [...a.querySelectorAll(".accumulation")].map((p) => p.textContent).join("; "));
"""


def test_the_keyboard_steps_through_the_numbers(browser, diamond):
    script = """
      const found = [seen(), text("#where")];
      for (const key of ["n", "ArrowRight", "n", "p", "ArrowLeft", "End", "Home"]) {
        await press(key, document.body);
        found.push(seen(), text('#graph [aria-current="step"] .name'));
      }
      return found;
    """
    c, b, a = ["c: 0 + 6 = 6; 6 + 6 = 12"], ["b: 0 + 12 = 12; 12 + 12 = 24"], ["a: 0 + 24 = 24"]
    assert browser.run(diamond.html(), SEEN + script) == [
        *[c, "Step 1 of 3: c"],
        *[b, "b", a, "a", a, "a", b, "b", c, "c", a, "a", c, "c"],
    ]


def test_arrows_scroll_what_is_wide_and_has_the_focus(browser, diamond):
    script = """
      const wide = find("article:not([hidden]) pre");
      wide.style.cssText = "width: 3px; overflow: auto; white-space: pre";
      for (const key of ["ArrowRight", "n"]) { await press(key, wide); wide.title += text("#where"); }
      return wide.title;
    """
    assert browser.run(diamond.html(), script) == "Step 1 of 3: cStep 2 of 3: b"


def test_search_goes_to_the_next_match(browser):
    script = """
      await press("/", document.body);
      const box = document.activeElement;
      box.value = "linear";
      box.dispatchEvent(new Event("input"));
      const found = [box.id, text("#where"), document.querySelectorAll("#graph .found").length];
      for (let i = 0; i < 3; i++) { await press("Enter"); found.push(text('#graph [aria-current="step"] .name')); }
      await press("Escape");
      return [...found, document.activeElement.tagName, document.querySelectorAll("#graph .found").length];
    """
    answer = browser.run(explained(two_layers(2)).html(), script)
    assert answer == [
        *["search", "2 of 9 steps match; Enter goes to the next", 2],
        *["linear2", "linear1", "linear2", "BODY", 0],
    ]


def test_the_address_and_the_graph_lead_to_a_step(browser, found):
    script = """
      const found = [seen(), text("#where")];
      find('#graph a[href="#step=6"]').dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
      await pause();
      found.push(text("#where"), find("#next").disabled, location.hash);
      find("#previous").focus();
      await click("#previous");
      return [...found, text("#where"), document.querySelector('[role="status"]').id];
    """
    gradient = found["0.bias"].gradient
    answer = browser.run(found.html(), SEEN + script, address="#step=4")
    assert answer[0][0].endswith(f"0 + [{gradient[0]:.6g}] = [{gradient[0]:.6g}]")
    assert answer[1:] == [
        "Step 4 of 6: linear1",
        "Step 6 of 6: 0.bias",
        True,
        "#step=6",
        "Step 5 of 6: 0.weight",
        "where",
    ]


def test_focus_can_be_seen_and_nothing_is_wider_than_a_phone(browser, found):
    script = """
      const [link, widths] = [find("#graph a"), []];
      for (let i = 0; i < 6; i++) { widths.push(document.documentElement.scrollWidth <= innerWidth); await press("n", document.body); }
      const resting = getComputedStyle(link.querySelector("rect")).strokeWidth;
      link.focus({ focusVisible: true });
      return [widths, document.activeElement === link, resting, getComputedStyle(link.querySelector("rect")).strokeWidth];
    """
    assert browser.run(found.html(), script, size=(500, 900)) == [[True] * 6, True, "1px", "4px"]


def test_the_page_carries_what_the_steps_do(found):
    page = check(found.html()).texts["samp"]
    for step in found:
        for share in step.shares:
            assert f"{np.ravel(share.incoming)[0]:.6g}" in page
