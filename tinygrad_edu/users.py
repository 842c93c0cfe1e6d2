"""The user's own line: where a warning points, and where anomaly mode says that an op was called."""

import linecache
import sys
import warnings
from itertools import takewhile

PACKAGE = __file__.rpartition("/")[0]


class Line(str):
    """A line of a program, as a traceback names it, which knows its `file`, its `number` and its `code`."""

    file, number, code = "", 0, ""

    def onwards(self, most=20):
        """Its code, then that with the next line, and so on: the statement may go on below."""
        code = self.code
        for number in range(self.number + 1, self.number + most):
            yield code
            code += linecache.getline(self.file, number).rstrip()


def line_of(frame):
    """The line at which a frame stands."""
    if frame is None:
        return Line("a line outside any file")
    file, number = frame.f_code.co_filename, frame.f_lineno
    code = linecache.getline(file, number).strip()
    line = Line(f'File "{file}", line {number}: {code}')
    line.file, line.number, line.code = file, number, code
    return line


def frames(frame):
    """The frames of the stack, from this one outwards."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def inside(frame):
    """Whether a frame is this package's: in a file of its own, or in a form written out."""
    return frame.f_code.co_filename.startswith((PACKAGE, "<the forms of", "<string>"))


def users_frame():
    """The innermost frame that is not this package's."""
    frame = sys._getframe()
    while frame is not None and inside(frame):
        frame = frame.f_back
    return frame


def users_line():
    """The innermost line of the program that is not this package's."""
    return line_of(users_frame())


def package_name():
    """What the user's program calls this package: `tg`, where it says `import tinygrad_edu as tg`."""
    frame, package = users_frame(), sys.modules[__package__]
    known = {} if frame is None else frame.f_globals | frame.f_locals
    return next((name for name, value in known.items() if value is package), __package__)


def warn(message, category=UserWarning):
    """A warning that points at the line outside this package which led here."""
    ours = list(takewhile(inside, frames(sys._getframe())))
    warnings.warn(message, category, stacklevel=len(ours) + 1)
