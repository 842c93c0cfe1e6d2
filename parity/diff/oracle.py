"""The process behind Oracle: it makes each call that it is handed in torch, and answers with what came of it."""

import os
import pickle
import sys

import torch


def main():
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            call, *options = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            torch.manual_seed(0)  # a call that draws draws the same each time
            answer = call.again(torch, *options)
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        pickle.dump(answer, answers, protocol=5)
        answers.flush()


if __name__ == "__main__":
    main()
