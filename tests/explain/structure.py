"""What must hold of every page that we make, found by parsing it."""

import re
from html.parser import HTMLParser
from itertools import pairwise

VOID = {"br", "hr", "img", "input", "meta"}


class Page(HTMLParser):
    """Elements in order, as (name, attributes); the text of each kind of element; what is wrong with the page."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.texts, self.wrong, self.open = [], {}, [], []
        self.feed(page)
        self.close()
        self.wrong += [f"<{name}> is never closed" for name in self.open]
        ids = [attributes["id"] for _, attributes in self.elements if "id" in attributes]
        self.wrong += [f"id {id!r} twice" for id in set(ids) if ids.count(id) > 1]
        for name, attributes in self.elements:
            self.wrong += [
                f"<{name}> refers to {id!r}, which is not there"
                for key in ("aria-labelledby", "aria-controls", "for")
                for id in attributes.get(key, "").split()
                if id not in ids
            ]

    def handle_starttag(self, name, attributes):
        attributes = {key: value or "" for key, value in attributes}
        self.elements.append((name, attributes))
        if name not in VOID:
            self.open.append(name)
        for key, value in attributes.items():
            if key in ("src", "href") and not value.startswith("#"):
                self.wrong.append(f"<{name} {key}={value!r}> leads out")
            if key.startswith("on"):
                self.wrong.append(f"<{name}> has {key}")

    def handle_endtag(self, name):
        if not self.open or self.open.pop() != name:
            self.wrong.append(f"</{name}> closes another")

    def handle_data(self, text):
        if self.open:
            self.texts[self.open[-1]] = self.texts.get(self.open[-1], "") + text

    def all(self, name):
        return [attributes for kind, attributes in self.elements if kind == name]


def check(page):
    """Well formed, self-contained, with one main part, one first heading, and headings that skip no rank."""
    found = Page(page)
    ranks = [int(name[1]) for name, _ in found.elements if re.fullmatch("h[1-6]", name)]
    assert found.wrong == []
    assert page.startswith("<!doctype html>")
    assert len(found.all("main")) == 1
    assert ranks.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(ranks))
    assert not re.search(r"@import|url\(|https?:", found.texts["style"] + found.texts.get("script", ""))
    assert any(meta.get("content", "").startswith("default-src 'none';") for meta in found.all("meta"))
    return found
