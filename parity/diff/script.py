"""Running a script as `python SCRIPT` would, and finding which of its lines is being run."""

import builtins
import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

OURS = str(Path(__file__).parent) + os.sep


class Line:
    """Called, it says which line of the script led here: (file, number), of the innermost frame that is in no library of ours.

    `libraries` are the folders of the engine's code; Python's own import machinery and generated code do not count either."""

    def __init__(self, *libraries):
        self.skipped = (*libraries, OURS, "<frozen", "<string>", "<the forms of")
        self.known = {}

    def __call__(self, frame):
        while frame is not None:
            file = frame.f_code.co_filename
            skipped = self.known.get(file)
            if skipped is None:
                skipped = self.known[file] = file.startswith(self.skipped)
            if not skipped:
                return file, frame.f_lineno
            frame = frame.f_back
        return "", 0


def run(script, arguments):
    """Run the script in this process, in whose main module's place it stands. What it raises comes out."""
    file = os.path.abspath(script)
    sys.argv[:] = [script, *arguments]
    sys.path[:] = [
        os.path.dirname(file),
        *(path for path in sys.path if path not in ("", os.getcwd()) or path == root()),
    ]
    main = sys.modules["__main__"] = ModuleType("__main__")
    vars(main).update(__file__=file, __builtins__=builtins, __loader__=SourceFileLoader("__main__", file))
    exec(compile(Path(script).read_bytes(), file, "exec", dont_inherit=True), vars(main))


def root():
    """Where this package was found, which the script's own imports must still find after its own folder."""
    return str(Path(__file__).parents[2])


def raised(error, line):
    """What the script ended with: (type, message, line, the op of ours that was at work); None for an ordinary end."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return None
    where, op, trace = ("", 0), "", error.__traceback__
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(line.skipped):
            where = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        op = getattr(trace.tb_frame.f_locals.get("op"), "name", op)
        trace = trace.tb_next
    return type(error).__name__, str(error), where, op
