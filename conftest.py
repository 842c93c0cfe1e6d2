"""The Python blocks of the README and of each page of the docs, run as one program a page, are tests too."""

from importlib.util import find_spec

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

JUDGED = ("torch", "micrograd", "mygrad")  # whom docs/engines.md compares

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser()],
    patterns=["README.md", "docs/*.md"],
    excludes=[] if all(map(find_spec, JUDGED)) else ["docs/engines.md"],
).pytest()

collect_ignore = [] if find_spec("safetensors") else ["tinygrad_edu/serialization.py"]  # whose examples save
