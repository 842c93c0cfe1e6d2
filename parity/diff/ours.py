"""Our side: the script runs with tinygrad_edu in torch's place, and is compared as it runs; what was found goes to the command."""

import os
import pickle
import sys

import numpy as np

import tinygrad_edu
from tinygrad_edu.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from .free import Free
from .local import Local
from .script import Line, raised, run
from .stream import Stream
from .tracer import Tracer


def main(descriptor, view, stochastic, trusted, outputs, script, *arguments):
    with os.fdopen(int(descriptor), "wb") as pipe:

        def tell(*message):
            pickle.dump(message, pipe, protocol=5)
            pipe.flush()

        os.dup2(os.open(f"{outputs}.ours", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        line = Line(tinygrad_edu.__path__[0] + os.sep)
        stream = Stream(view, trusted.split(","), f"{outputs}.torch", script, arguments)
        progress = lambda step, loss: tell("step", step, loss)
        tracer = Tracer(line)
        if view == "local":
            viewed = Local(tinygrad_edu, stream, progress, tracer.names, stochastic == "True")
        else:
            viewed = Free(tinygrad_edu, stream, progress)
        tracer.view, viewed.line = viewed, line
        register_optimizer_step_pre_hook(viewed.before)
        register_optimizer_step_post_hook(viewed.after)
        error = None
        with tinygrad_edu.as_torch():
            try:
                with tracer:
                    run(script, arguments)
            except BaseException as caught:
                error = caught
        sys.stdout.flush()
        viewed.close(raised(error, line))
        findings = [finding.told() for finding in viewed.findings.values()]
        facts = dict(torch=viewed.torch, numpy=np.__version__, error=viewed.error)
        tell("done", dict(findings=findings, steps=viewed.steps, compared=dict(viewed.compared)) | facts)
        stream.close()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
