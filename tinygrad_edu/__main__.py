"""Run a PyTorch script on this engine, as it is: python -m tinygrad_edu train.py."""

import builtins
import os
import runpy
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

from .swap import as_torch

USAGE = """\
usage: python -m tinygrad_edu SCRIPT [ARGUMENT ...]       run a PyTorch script with this engine in torch's place
       python -m tinygrad_edu -m MODULE [ARGUMENT ...]    ... a module
       python -m tinygrad_edu -c CODE [ARGUMENT ...]      ... a string; - stands for the standard input
       python -m tinygrad_edu --check SCRIPT ...          say which of torch's names a script needs that are not here

The script runs as python SCRIPT would run it, and exits with its own status. Exit status of --check: 0 all names are
here, 1 some are not, 2 a script could not be read."""


def main(arguments):
    match arguments:
        case ["-h" | "--help", *_]:
            print(USAGE)
        case ["--check", *scripts] if scripts:
            from .survey import report

            sys.exit(report(scripts))
        case ["-m", name, *rest]:
            begin(name, rest)
            runpy.run_module(name, run_name="__main__", alter_sys=True)
        case ["-c", code, *rest]:
            begin("-c", rest)
            execute(code, "<string>")
        case ["-", *rest]:
            begin("-", rest)
            execute(sys.stdin.read(), "<stdin>")
        case [script, *rest] if not script.startswith("-"):
            run(script, rest)
        case _:
            fail(f"{f'there is no {arguments[0]}' if arguments else 'which script?'}\n\n{USAGE}")


def run(script, rest):
    """What `python script` does: its folder is where it imports from first."""
    try:
        source = Path(script).read_bytes()
    except OSError as error:
        fail(f"can't open file '{script}': [Errno {error.errno}] {error.strerror}")
    if not sys.flags.safe_path:
        sys.path[0] = str(Path(script).resolve().parent)
    begin(script, rest)
    file = os.path.join(os.getcwd(), script)
    execute(source, file, __file__=file, __loader__=SourceFileLoader("__main__", file), __cached__=None)


def fail(message):
    print(f"python -m tinygrad_edu: {message}", file=sys.stderr)
    sys.exit(2)


swapped = as_torch()  # a name of its own, since what nobody holds is closed


def begin(name, rest):
    """For the rest of this process torch is this package, the arguments are the script's, and tracebacks start there."""
    swapped.__enter__()
    sys.argv[:] = [name, *rest]
    sys.excepthook = lambda kind, error, trace: sys.__excepthook__(kind, error.with_traceback(beyond_us(trace)), None)


def execute(source, name, **facts):
    main = sys.modules["__main__"] = ModuleType("__main__")
    vars(main).update(facts, __builtins__=builtins)
    exec(compile(source, name, "exec", dont_inherit=True), vars(main))


def beyond_us(trace):
    """A traceback without the frames that started the script."""
    while trace is not None and trace.tb_frame.f_code.co_filename in (__file__, runpy.__file__, "<frozen runpy>"):
        trace = trace.tb_next
    return trace


if __name__ == "__main__":
    main(sys.argv[1:])
