"""The renderer: what is text stays text, nothing leads out of the page, and a browser shows it without complaint."""

import json
import re

import pytest

from tinygrad_edu.explain import html

from .structure import Page, check

HOSTILE = "</script></style><img src=x onerror=alert(1)>\"'&\u2028<!--"


def page(*main, **parts):
    return html.document("a title", html.element("h1", "A title"), *main, **parts)


def test_text_is_escaped_wherever_it_goes():
    made = page(
        html.section(HOSTILE, HOSTILE, id="section"),
        html.element("p", HOSTILE, [HOSTILE, (HOSTILE, None)], title=HOSTILE, data_x=HOSTILE),
        html.table([HOSTILE, "n"], [[HOSTILE, HOSTILE]], caption=HOSTILE, numeric=["n"]),
        html.facts([(HOSTILE, HOSTILE)]),
        html.data("data", {HOSTILE: [HOSTILE]}),
        header=HOSTILE,
    )
    found = check(made)
    assert not found.all("img")
    assert found.texts["p"] == HOSTILE * 3
    assert found.all("p")[0] == {"title": HOSTILE, "data-x": HOSTILE}


def test_only_what_is_html_already_is_not_escaped():
    inner = html.element("b", "1 < 2")
    assert html.element("p", inner, str(inner) + "") == "<p><b>1 &lt; 2</b>&lt;b&gt;1 &amp;lt; 2&lt;/b&gt;</p>"


def test_attributes():
    made = html.element("input", class_="a", aria_label="b", disabled=True, hidden=False, title=None, value=0)
    assert made == '<input class="a" aria-label="b" disabled value="0">'


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("a", {"href": "https://example.org"}),
        ("a", {"href": "javascript:alert(1)"}),
        ("img", {"src": "//example.org/x.png"}),
        ("p", {"onclick": "alert(1)"}),
        ("p", {"x y": "1"}),
        ("script", {}),
        ("p onclick", {}),
    ],
)
def test_what_could_load_or_run_something_is_refused(name, attributes):
    with pytest.raises(ValueError, match="element: "):
        html.element(name, **attributes)


def test_code_that_would_end_its_element_is_refused():
    with pytest.raises(ValueError, match="before its end"):
        page(scripts=["'</SCRIPT>'"])


def test_numbers_for_the_script_are_short_and_are_json():
    values = [0.123456, 2.0, -0.0, 1e300, float("nan"), float("-inf"), None]
    assert json.dumps([html.plain(x) for x in values]) == '[0.123, 2, 0, 1e+300, "nan", "-inf", null]'
    with pytest.raises(ValueError, match="JSON"):
        html.data("x", float("nan"))


def test_a_browser_reads_the_data_and_writes_numbers_as_python_does(browser):
    values = [0, 1, -2.5, 0.12345, 999.6, 1234.5, 1e-7, -1.5e-7, 9.999e-5, 1e22, 0.0001, 3.0, 120]
    odd = [float("inf"), float("-inf"), float("nan"), None]
    body = html.section("Data", html.data("data", {HOSTILE: [html.plain(x, 17) for x in values + odd]}), id="s")
    seen = browser.run(
        page(body),
        "return Object.entries(page.data('data')).map(([k, v]) => [k, v.map(x => [page.number(x), page.aligned(x)])])",
    )
    assert seen == [[HOSTILE, [[html.number(x), html.aligned(x)] for x in values + odd]]]


def test_the_state_is_in_the_address_and_keys_change_it(browser):
    script = """
        page.follow((state) => { document.title = state.step || "none"; });
        const step = (by) => page.go({ step: Number(page.state().step || 0) + by });
        page.keys({ "n ArrowRight": ["next", () => step(1)], p: ["previous", () => step(-1)] });
    """
    field = html.element("input", aria_label="a field")
    seen = browser.run(
        page(html.element("p", field), scripts=[script]),
        """
        const seen = [document.title];
        await press("n"); seen.push(document.title);
        await press("ArrowRight", document.body); seen.push(location.hash);
        await press("p", find("input")); seen.push(location.hash);
        await press("p", document.body); seen.push(location.hash);
        await press("?", document.body); seen.push(find("dialog").open);
        seen.push([...document.querySelectorAll("dialog kbd")].map((key) => key.textContent));
        await click("dialog button"); seen.push(find("dialog").open);
        return seen;
        """,
        address="#step=11",
    )
    assert seen == ["11", "12", "#step=13", "#step=13", "#step=12", True, ["n", "→", "p", "?"], False]


def test_words_can_be_read():
    """Contrast of each colour of words with each ground that they stand on, in light and in dark."""
    light, dark = html.resource("tinygrad_edu.explain", "page.css").split("prefers-color-scheme: dark", 1)
    for style in (light, dark):
        colors = dict(re.findall(r"--(\w+): (#\w{6})", style.split("--level-0")[0]))
        for words in ("ink", "grey", "link", "good", "bad"):
            for ground in ("paper", "sheet"):
                assert contrast(colors[words], colors[ground]) >= 4.5, (words, ground)
        for words, ground in (("ink", "mark"), ("ink", "badpaper"), ("bad", "badpaper"), ("link", "badpaper")):
            assert contrast(colors[words], colors[ground]) >= 4.5, (words, ground)


def contrast(a, b):
    """WCAG's ratio of relative luminances of two #rrggbb."""
    lighter, darker = sorted(map(luminance, (a, b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color):
    parts = [int(color.strip()[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(c * weight for c, weight in zip(linear, (0.2126, 0.7152, 0.0722)))


def test_the_checks_themselves_find_faults():
    assert Page("<p><b></p>").wrong
    assert Page("<a href='http://x'></a>").wrong
    assert Page("<p id=a></p><p id=a></p>").wrong
    assert Page("<p aria-labelledby=b></p>").wrong
