"""A rule's formula, read from its own source: the code is the formula, and there is no second copy to keep."""

import linecache
import re


def source(rule):
    """A rule's body as it stands in the source, in one line: `g * y`."""
    code = rule.__code__
    spots = [p for p in code.co_positions() if None not in p and (p[0], p[2]) != (p[1], p[3])]
    lines = [] if rule.__name__ != "<lambda>" else linecache.getlines(code.co_filename)
    if not lines or not spots:  # a function with a name, or typed at a prompt, so that there is no file to read
        return rule.__name__
    (first, start), (last, end) = min((p[0], p[2]) for p in spots), max((p[1], p[3]) for p in spots)
    body = [line.encode() for line in lines[first - 1 : last]]  # columns count bytes
    body[-1] = body[-1][:end]
    body[0] = body[0][start:]
    text = " ".join(line.decode().partition(" # ")[0].strip() for line in body)
    return re.sub(r"(?<=[(\[]) |,? (?=[)\]])", "", text)
