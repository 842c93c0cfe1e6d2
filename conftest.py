"""The Python blocks of the README and of each page of the docs, run as one program a page, are tests too."""

from importlib.util import find_spec

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

pytest_collect_file = Sybil(parsers=[PythonCodeBlockParser()], patterns=["README.md", "docs/*.md"]).pytest()

pytest_plugins = ["pytester"]  # runs pytest in tests of parity/plugin.py

collect_ignore = [] if find_spec("safetensors") else ["tinygrad_edu/serialization.py"]  # whose examples save
