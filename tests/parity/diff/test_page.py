"""The report's page: nothing but itself, small, right in what it says, and driven in a real browser."""

import copy
import math

import pytest

from parity.diff.digits import beside
from parity.diff.pack import CALLS, FIRST, Packed
from parity.diff.page import page, write
from tests.explain.structure import check

from .reports import OUTPUTS, PARAMETERS, report

HOSTILE = "</script><img src=x onerror=alert(1)><!--"
MEGABYTE = 10**6


@pytest.fixture(scope="module")
def agreeing():
    return report(30)


@pytest.fixture(scope="module")
def differing():
    return report(30, differs_from=12)


# ---------------------------------------------------------------- what it says


def test_the_verdict_comes_first_in_words(agreeing, differing):
    for found, words in ((agreeing, "The engines agree"), (differing, "The engines differ")):
        made = check(page(found))
        assert words in made.texts["h1"]
        assert found["verdict"] in made.texts["p"]


def test_the_first_finding_is_shown_with_its_line_both_numbers_inputs_and_cause(differing):
    made = check(page(differing))
    assert "x = Softsign.apply(self.fc1(x))\n" in made.texts["span"]
    assert "▸ 31" in made.texts["i"]
    assert "341725090219531170" in made.texts["mark"]
    assert "the reference is ours times 1 − |y|" in made.texts["p"]
    assert made.texts["caption"].startswith("What both saw")
    assert {"href": "#step=12&call=227"} in made.all("a")


def test_digits_that_differ_are_marked():
    assert beside(1.25, 1.5, "float32") == ("1.<mark>25000000</mark>", "1.<mark>50000000</mark>")
    assert beside(-1.5e-9, 1.5e-9, "float16") == ("<mark>−1.5000</mark> × 10⁻⁹", "<mark>\u20071.5000</mark> × 10⁻⁹")
    assert beside(7, 7) == ("7", "7")
    assert beside(math.nan, 1.0) == ("<mark>NaN</mark>", "<mark>1</mark>")
    assert beside(None, True) == ("<mark>None</mark>", "<mark>True</mark>")
    assert beside(0.0, 0.0) == ("0.0000000000000000",) * 2


# ---------------------------------------------------------------- its size


def test_a_run_of_a_thousand_steps_is_under_a_megabyte_with_every_call(tmp_path):
    write(report(1000, differs_from=12), tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size < MEGABYTE
    steps = Packed(report(1000, differs_from=900)).data["calls"]["steps"]
    assert {*map(str, range(1, FIRST + 1)), *map(str, range(20, 1001, 10)), "900", "949"} <= steps.keys()


@pytest.mark.parametrize(
    ("steps", "parameters", "outputs"),
    [
        (10_000, PARAMETERS[:4], OUTPUTS[:6]),
        (20, [f"layers.{i}.weight" for i in range(300)], OUTPUTS),
        (60, PARAMETERS, OUTPUTS * 30),
    ],
)
def test_long_runs_and_large_models_are_thinned_to_a_megabyte(steps, parameters, outputs):
    found = report(steps, parameters, outputs, differs_from=steps // 2)
    made = page(found)
    assert len(made.encode()) < MEGABYTE
    check(made)


def test_what_is_thinned_out_leaves_its_worst():
    found = report(3000, PARAMETERS)
    found["steps"][1776]["kappa"]["fc1.bias"] = 1e9
    packed = Packed(found)
    assert len(packed.steps) < 3000
    assert max(packed.rows["kappa"]["fc1.bias"]) == 1e9
    assert packed.edges[-1] == 3000


def test_of_many_parameters_those_stay_whose_kappa_is_largest():
    found = report(3, [f"p{i}" for i in range(200)])
    found["steps"][1]["kappa"]["p123"] = math.nan
    packed = Packed(found)
    assert len(packed.rows["kappa"]) == 40
    assert "p123" in packed.rows["kappa"]
    assert "160 more parameters" in check(page(found)).texts["p"]


def test_the_tables_of_calls_come_back_as_they_were(differing):
    packed = Packed(differing).data["calls"]
    for step in differing["steps"]:
        first, sequence, *columns = packed["steps"][str(step["step"])]
        assert len(packed["sequences"]) == 2  # before, and from the first that differs on
        rows = packed["sequences"][sequence]
        assert [first + row[0] for row in rows] == [call[0] for call in step["calls"]]
        assert [packed["words"][row[2]] for row in rows] == [call[2] for call in step["calls"]]
        assert columns[0] == [call[5] and float(f"{call[5]:.3g}") for call in step["calls"]]
    assert CALLS < MEGABYTE / 2


# ---------------------------------------------------------------- what it must bear


def bare(**changes):
    found = report(1)
    return copy.deepcopy(found) | changes


NOT_FINITE = bare(
    steps=[
        {"step": n, "loss": [math.nan, math.inf], "kappa": {"w": math.nan}, "drift": {"w": math.inf}} for n in (1, 2)
    ]
)


@pytest.mark.parametrize(
    "found",
    [
        bare(),
        bare(steps=[]),
        bare(steps=[{"step": 1, "loss": [None, None], "kappa": {}, "drift": {}}]),
        NOT_FINITE,
        bare(source=[]),
        bare(error="ValueError: both"),
        bare(printed={"agree": False, "first": [1, None, "x" * 5000]}),
    ],
    ids=["one step", "no step", "no loss", "not finite", "no source", "an error", "printed"],
)
def test_odd_runs_have_a_page(found):
    check(page(found))


@pytest.mark.parametrize("found", [bare(steps=[]), NOT_FINITE], ids=["no step", "not finite"])
def test_a_browser_shows_odd_runs(found, browser):
    assert browser.run(
        page(found), "await press('n', document.body); await press('f', document.body); return text('h1');"
    )


def test_findings_with_little_in_them(differing):
    least = {
        "what": "flow",
        "view": "local",
        "op": "",
        "line": "",
        "source": "",
        "step": 0,
        "call": 0,
        "tensor": "",
        "shape": [],
        "dtype": "",
    }
    least |= {
        "index": [],
        "ours": None,
        "torch": None,
        "delta": 0.0,
        "ulp": 0,
        "kappa": None,
        "inputs": [],
        "causes": [],
        "times": 1,
    }
    odd = {
        "ours": math.nan,
        "torch": math.inf,
        "delta": math.nan,
        "kappa": math.inf,
        "why": "ours is NaN",
        "line": "other.py:3",
    }
    for findings in ([least], [least | odd], [least, least | odd] * 150):
        check(page(differing | {"findings": findings}))


def test_names_and_lines_cannot_become_html(browser):
    found = report(3, [HOSTILE, "w" * 5000], [(47, HOSTILE, [2]), (48, "x" * 5000, None)], differs_from=2)
    found |= {"script": HOSTILE, "arguments": [HOSTILE], "verdict": HOSTILE, "source": [HOSTILE] * 60}
    found["findings"][0] |= dict.fromkeys(("op", "tensor", "source", "what", "dtype", "why"), HOSTILE) | {
        "causes": [HOSTILE]
    }
    made = check(page(found))
    assert not made.all("img")
    script = "await click('#calls button'); return [document.images.length, text('#calls code')];"
    assert browser.run(page(found), script) == [0, HOSTILE]


# ---------------------------------------------------------------- in the browser

SEEN = "const seen = () => [find('#step').value, location.hash, document.querySelectorAll('#calls .differ').length];"


def test_keys_walk_through_the_steps(differing, browser):
    script = """
        const found = [seen()];
        for (const key of ["p", "ArrowLeft", "f", "n", "ArrowRight", "Home", "p", "End", "n"]) {
          await press(key, document.body); found.push(seen());
        }
        return found;
    """
    steps = ["12", "11", "10", "12", "13", "14", "1", "1", "30", "30"]
    hashes = ["", *[f"#step={step}" for step in steps[1:]]]
    wrong = [int(int(step) >= 12) for step in steps]
    assert browser.run(page(differing), SEEN + script) == [list(row) for row in zip(steps, hashes, wrong)]


def test_a_link_to_a_step_and_a_call_opens_both(differing, browser):
    script = "return [...seen(), text('#calls .line-of .here'), text('#summary'), text('[aria-expanded=true]')];"
    found = browser.run(page(differing), SEEN + script, address="#step=12&call=227")
    assert found[:3] == ["12", "#step=12&call=227", 1]
    assert found[3] == "▸ 31        x = Softsign.apply(self.fc1(x))"
    assert found[4].startswith("Step 12 of 30: 20 calls, 1 DIFFER; the loss is 0.")
    assert found[5] == "train.py:31"


def test_a_row_shows_its_line_and_hides_it_again(differing, browser):
    script = """
        const lines = () => document.querySelectorAll("#calls .line-of").length;
        const found = [lines()];
        await click("#calls tbody tr:nth-child(3)"); found.push(lines(), text("#calls .here"));
        find("#calls tbody tr:nth-child(3) button").focus();
        await click("#calls tbody tr:nth-child(3) button"); found.push(lines(), document.activeElement.tagName);
        return found;
    """
    assert browser.run(page(differing), script) == [0, 1, "▸ 31        x = Softsign.apply(self.fc1(x))", 0, "BUTTON"]


def test_pointing_at_a_strip_reads_it_and_a_click_opens_the_step(differing, browser):
    script = """
        const plane = find(".strip"), box = plane.getBoundingClientRect();
        const point = (kind) => plane.dispatchEvent(new MouseEvent(kind, { clientX: box.left + box.width * 19.5 / 30, bubbles: true }));
        const here = () => [text("[data-here]"), text("[data-row=kappa-0]")];
        const found = [here()];
        point("pointermove"); found.push(here());
        point("pointerleave"); found.push(here());
        point("click"); await pause(); found.push(here());
        return found;
    """
    kappa = {s["step"]: s["kappa"]["fc1.weight"] for s in differing["steps"]}
    found = browser.run(page(differing), script)
    assert [head for head, _ in found] == ["step 12", "step 20", "step 12", "step 20"]
    assert [float(text) for _, text in found] == pytest.approx([kappa[n] for n in (12, 20, 12, 20)], rel=5e-3)


def test_the_number_of_a_step_can_be_typed_and_one_that_is_not_kept_is_told(browser):
    found = report(200)
    for step in found["steps"][50:60]:
        del step["calls"]
    script = """
        const field = find("#step");
        field.value = "55"; field.dispatchEvent(new Event("change")); await pause();
        return [location.hash, text("#summary").split(";")[0], document.querySelectorAll("#calls tbody tr").length, text("#steps .note")];
    """
    assert browser.run(page(found), script) == [
        "#step=55",
        "Step 55 of 200: its calls are not kept in this page",
        0,
        "This page has the calls of 190 of 200 steps.",
    ]


def test_nothing_is_wider_than_a_phone(differing, browser):
    frame = "document.body.style.width = '420px'; return document.documentElement.scrollWidth;"
    assert browser.run(page(differing), frame, size=(500, 900)) <= 500
