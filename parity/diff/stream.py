"""What the reference tells, message by message, and the torch that can be asked about a single call."""

import os
import pickle
import subprocess
import sys
from collections import deque

SILENCE = ("end", ("Silence", "the reference's process ended without a word", ("", 0), ""), "")


class Stream:
    """The reference's messages, in order, with a look ahead at those that are still to come."""

    def __init__(self, view, trusted, output, script, arguments):
        reader, writer = os.pipe()
        command = ["-m", "parity.diff.reference", str(writer), view, ",".join(trusted), output, script, *arguments]
        with open(f"{output}.errors", "wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, *command], pass_fds=(writer,), stdin=subprocess.DEVNULL, stderr=errors
            )
        os.close(writer)
        self.pipe, self.coming = os.fdopen(reader, "rb"), deque()

    def ahead(self, i=0):
        """The message that comes i after the next one."""
        while len(self.coming) <= i:
            try:
                self.coming.append(pickle.load(self.pipe))
            except EOFError:
                self.coming.append(SILENCE)
        return self.coming[i]

    def take(self):
        self.ahead()
        return self.coming.popleft()

    def give_back(self, message):
        self.coming.appendleft(message)

    def drop(self, n):
        for _ in range(n):
            self.coming.popleft()

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.pipe.close()


class Oracle:
    """torch, in a process that is started when first asked: what does this call give there, and which gradients?"""

    process = None

    def again(self, call, gradients=None, wide=False, seed=None):
        if self.process is None:
            pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.process = subprocess.Popen([sys.executable, "-m", "parity.diff.oracle"], **pipes)
        pickle.dump((call, gradients, wide, seed), self.process.stdin, protocol=5)
        self.process.stdin.flush()
        answer = pickle.load(self.process.stdout)
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return answer

    def close(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
