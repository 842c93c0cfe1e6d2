"""One HTML file that needs nothing else: elements that escape what they hold, tables, data, and the document.

A string is text and is escaped wherever it goes; only what these functions return is HTML. Nothing can be loaded from
elsewhere: a link leads into the page itself, and the document's policy forbids the rest to the browser.
"""

import json
import math
import re
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from typing import Any

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
VOID = {"br", "hr", "img", "input", "meta"}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


class Markup(str):
    """A string that is HTML already."""


def element(name: str, /, *children: Any, **attributes: Any) -> Markup:
    """<name attributes>children</name>. `class_`, `for_`, `aria_label` are class, for, aria-label; None is left out.

    >>> print(element("p", "1 < 2, ", element("em", "always"), class_="fact"))
    <p class="fact">1 &lt; 2, <em>always</em></p>
    """
    if not NAME.fullmatch(name) or name in ("script", "style"):
        raise ValueError(f"element: {name!r} is not the name of an element that holds text")
    opening = f"<{name}{''.join(attribute(*item) for item in attributes.items())}>"
    return Markup(opening if name in VOID else f"{opening}{fragment(*children)}</{name}>")


def attribute(name: str, value: Any) -> str:
    name = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if not NAME.fullmatch(name) or name.lower().startswith("on"):
        raise ValueError(
            f"element: {name!r} is not the name of an attribute that holds a value; scripts listen instead"
        )
    if name in ("href", "src") and not str(value).startswith(("#", "data:image/")):
        raise ValueError(f"element: {name}={value!r} leads out of the page, which must do without anything else")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'


def fragment(*children: Any) -> Markup:
    """Children one after the other: HTML as it is, lists item by item, None not at all, anything else as text."""
    return Markup("".join(map(_text, children)))


def _text(child: Any) -> str:
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return escape(child, quote=False)
    if isinstance(child, Iterable):
        return fragment(*child)
    return "" if child is None else escape(str(child), quote=False)


# ---------------------------------------------------------------------- what a page is made of


def section(title: str, *children: Any, id: str, **attributes: Any) -> Markup:
    """A part of the page under its heading."""
    heading = element("h2", title, id=f"{id}-title")
    return element("section", heading, children, id=id, aria_labelledby=f"{id}-title", **attributes)


def figure(caption: Any, *children: Any, **attributes: Any) -> Markup:
    """A picture, or a table, under the sentence that says what it shows."""
    return element("figure", element("figcaption", caption), children, **attributes)


def table(
    head: Sequence[str], rows: Iterable[Sequence[Any]], *, caption: Any, numeric: Sequence[str] = (), **attributes: Any
) -> Markup:
    """Rows under the names of their columns; the first cell names its row. `numeric` columns are set flush right.

    Where it is wider than the screen it scrolls, also by keyboard."""
    align = ["number" if name in numeric else None for name in head]
    body = [
        element("tr", *[cell(value, class_=align[i], header=i == 0) for i, value in enumerate(row)]) for row in rows
    ]
    columns = [element("th", name, scope="col", class_=side) for name, side in zip(head, align)]
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", columns)),
        element("tbody", body),
        **attributes,
    )
    return element("div", whole, class_="scroll", tabindex=0)


def cell(value: Any, *, class_: str | None = None, header: bool = False) -> Markup:
    return element("th", value, scope="row", class_=class_) if header else element("td", value, class_=class_)


def facts(pairs: Iterable[tuple[Any, Any]]) -> Markup:
    """Names and what they are, as a list of definitions."""
    return element("dl", *[element("div", element("dt", name), element("dd", value)) for name, value in pairs])


def number(value: Any, digits: int = 3) -> str:
    """As short as it can be read: 3 significant digits, a true minus sign, ∞, a dash where there is none.

    >>> [number(x) for x in (None, 0.12345, 1234.5, -1.5e-7, float("inf"), float("nan"))]
    ['–', '0.123', '1.23e3', '−1.5e-7', '∞', 'NaN']
    """
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    mantissa, _, power = f"{value:.{digits}g}".partition("e")
    return (f"{mantissa}e{int(power)}" if power else mantissa).replace("-", "−", 1 if value < 0 else 0)


def aligned(value: Any) -> str:
    """For a column: always two decimals, so that points stand under points.

    >>> [aligned(x) for x in (0, 4.1, 0.05, 52400.0, -0.4)]
    ['0', '4.10', '5.00e-2', '5.24e4', '−0.40']
    """
    if value is None or not math.isfinite(value) or value == 0:
        return number(value)
    if 0.095 <= abs(value) < 999.995:
        return f"{value:.2f}".replace("-", "−")
    mantissa, _, power = f"{value:.2e}".partition("e")
    return f"{mantissa.replace('-', '−')}e{int(power)}"


# ---------------------------------------------------------------------- the document


def data(id: str, value: Any) -> Markup:
    """A value for the page's script, as JSON: `page.data(id)` reads it. JSON knows no NaN: `plain` turns it to a word."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))  # ASCII, so without U+2028
    for character in "<>&":  # only inside strings, where JSON has another way to write them
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(f'<script type="application/json" id="{escape(id)}">{text}</script>')


def plain(value: float | None, digits: int = 3) -> float | int | str | None:
    """A number as `data` takes it, in few characters: rounded, a whole one without a point, what is not finite as a word."""
    if value is None:
        return None
    if not math.isfinite(value):
        return str(float(value))
    value = float(f"{value:.{digits}g}")
    return int(value) if value == int(value) and abs(value) < 1e6 else value


def resource(package: str, name: str) -> str:
    """A style sheet or a script that lies beside the code."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


def document(
    title: str,
    *main: Any,
    header: Any = None,
    footer: Any = None,
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
) -> str:
    """The whole file. `styles` and `scripts` are texts that follow the shared page.css and page.js."""
    head = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        _code("style", resource(__package__, "page.css"), *styles),
    ]
    body = [
        element("a", "Skip to the content", href="#main", class_="skip"),
        header and element("header", header),
        element("main", main, id="main", tabindex=-1),
        footer and element("footer", footer),
        _code("script", resource(__package__, "page.js"), *scripts),
    ]
    whole = element("html", element("head", head), element("body", body), lang="en")
    return f"<!doctype html>\n{whole}\n"


def _code(name: str, *texts: str) -> Markup:
    text = "\n".join(texts)
    if re.search(rf"</{name}|<!--", text, re.IGNORECASE):
        raise ValueError(f"document: a {name} that holds '</{name}' or '<!--' would end before its end")
    return Markup(f"<{name}>\n{text}</{name}>")
