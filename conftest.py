"""The Python blocks of the README and of each page of the docs, run as one program a page, are tests too."""

from importlib.util import find_spec

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser


def missing(*packages):
    """Those of the packages that are not installed: a page may ask to be skipped without them."""
    return [package for package in packages if find_spec(package) is None]


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/*.md", "lessons/*.md"],
    setup=lambda names: names.update(missing=missing),
).pytest()

pytest_plugins = ["pytester"]  # runs pytest in tests of parity/plugin.py

collect_ignore = [] if find_spec("safetensors") else ["tinygrad_edu/serialization.py"]  # whose examples save
