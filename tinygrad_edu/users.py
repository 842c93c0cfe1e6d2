"""The user's own line: where a warning points, and where anomaly mode says that an op was called."""

import sys
import warnings
from itertools import takewhile

PACKAGE = __file__.rpartition("/")[0]


def frames(frame):
    """The frames of the stack, from this one outwards."""
    while frame is not None:
        yield frame
        frame = frame.f_back


def inside(frame):
    """Whether a frame is this package's: in a file of its own, or in a form written out."""
    return frame.f_code.co_filename.startswith((PACKAGE, "<the forms of", "<string>"))


def warn(message, category=UserWarning):
    """A warning that points at the line outside this package which led here."""
    ours = list(takewhile(inside, frames(sys._getframe())))
    warnings.warn(message, category, stacklevel=len(ours) + 1)
