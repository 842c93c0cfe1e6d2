"""The bench on which judges sit: one process that has imported what no mutant touches, and forks for each panel of them.

Importing torch, and all that its optimizers import, takes longer than most judgements. Run by path, not by name, so that
nothing of this tree is imported: python -P bench.py, and on stdin a line of JSON for each panel, [panel, tree, seed, chapter]."""

import json
import os
import runpy
import signal
import sys
from contextlib import suppress
from pathlib import Path
from time import perf_counter

import torch

PATIENCE = 600  # seconds for one judge: none takes a fifth of it


def sit(panel, tree, *others):
    """Run one panel in a process of its own, and say how that ended, after how long, and what it said."""
    start = perf_counter()
    child = os.fork()
    if not child:
        judge(panel, tree, *others)
    _, status = os.waitpid(child, 0)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # processes that the tests have left behind
    said, complaints = (Path(tree, name).read_text(errors="replace") for name in ("said", "complaints"))
    ended = os.waitstatus_to_exitcode(status)
    return dict(
        seconds=perf_counter() - start,
        late=ended == -signal.SIGALRM,
        failed=ended != 0,
        said=said,
        complaints=complaints,
    )


def judge(panel, tree, *others):
    """The child: judges.py of that tree, as if it had been started there."""
    os.setsid()
    signal.alarm(PATIENCE)
    os.chdir(tree)
    for stream, name in ((1, "said"), (2, "complaints")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    sys.path.insert(0, tree)
    os.environ["PYTHONPATH"] = tree  # for the processes that tests start
    sys.argv[1:] = [panel, *map(str, others)]
    status = 1
    try:
        runpy.run_module("parity.mutants.judges", run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        print(end, file=sys.stderr)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    torch.optim.SGD([torch.zeros(1, requires_grad=True)]).zero_grad()  # the first optimizer imports half of torch
    for line in sys.stdin:
        print(json.dumps(sit(*json.loads(line))), flush=True)
