"""Write what is derived from the code: docs/ops.md, and the stubs.

python docs/generate.py            writes them
python docs/generate.py --check    exits 1 if a file is not what it would write
"""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))  # this very tree, installed or not

import stubs  # noqa: E402
import table  # noqa: E402

PACKAGE = ROOT / "tinygrad_edu"
FILES = {
    ROOT / "docs" / "ops.md": table.text,
    PACKAGE / "methods.pyi": stubs.methods,
    PACKAGE / "__init__.pyi": stubs.package,
    PACKAGE / "nn" / "functional.pyi": lambda: stubs.namespace("nn.functional"),
    PACKAGE / "linalg.pyi": lambda: stubs.namespace("linalg"),
    PACKAGE / "special.pyi": lambda: stubs.namespace("special"),
}


def main():
    stale = [path for path, text in FILES.items() if not path.exists() or path.read_text() != text()]
    if "--check" in sys.argv:
        print(*(f"{path.relative_to(ROOT)} is stale: run python docs/generate.py" for path in stale), sep="\n")
        return bool(stale)
    for path in stale:
        path.write_text(FILES[path]())
    return 0


if __name__ == "__main__":
    np.seterr(all="ignore")
    sys.exit(main())
