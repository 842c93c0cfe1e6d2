"""What parity diff says first, as it runs in a mutant's tree: python -m parity.mutants.look SCRIPT. It goes to stdout as JSON.

As in parity diff, what is found running free counts only where nothing was found call by call: so it is not looked for before."""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from parity.diff.runner import VIEWS, compared_lines, run


def look(script):
    """The first finding; or else the first line that was printed otherwise, if any."""
    with TemporaryDirectory() as folder:
        for view in VIEWS:
            outputs = Path(folder, view)
            if found := run(view, script, (), True, (), outputs, lambda *step: None)["findings"]:
                return {key: found[0][key] for key in ("op", "what", "tensor", "line", "step", "causes", "suspects")}
        printed = compared_lines(*(Path(f"{outputs}.{engine}") for engine in ("ours", "torch")))
    return {"op": "print", "what": "line", "tensor": str(printed["first"][0])} if printed["first"] else {}


if __name__ == "__main__":
    print(json.dumps(look(sys.argv[1])))
