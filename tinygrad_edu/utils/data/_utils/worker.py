"""A worker: a process that makes batches of its own copy of the dataset, and sends them home.

Beside the program itself two threads run in it. One takes in the tasks as they come, the other sends off what is done:
so the loader can always hand out a task, and the worker always go on to the next, whoever is slow.
"""

import os
import pickle
import queue
import random as python_random
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from .... import random

LOOK = 5.0  # seconds after which a worker without tasks looks whether its loader still lives


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """Which worker this is, of how many; the seed that it began with, and its copy of the dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Any
    rng: None = None
    worker_method: str = "multiprocessing"


here: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker of a DataLoader its `id`, `num_workers`, `seed` and `dataset`; None elsewhere.

    https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.get_worker_info

    >>> import tinygrad_edu as tg
    >>> class Count(tg.utils.data.IterableDataset):
    ...     def __iter__(self):
    ...         me = tg.utils.data.get_worker_info()
    ...         return iter(range(6) if me is None else range(me.id, 6, me.num_workers))  # each its share
    >>> list(Count())
    [0, 1, 2, 3, 4, 5]
    """
    return here


# ------------------------------------------------------------------ what is sent


@dataclass(frozen=True)
class Task:
    """Make the batch of this number, of what the sampler gave."""

    number: int
    index: Any


class Resume:
    """Begin anew: asked by the loader, and answered by the worker once it does."""


class End:
    """This worker's copy of an IterableDataset has come to its end."""


class KeyErrorMessage(str):
    """A text that a KeyError, which shows its argument's repr, shows as it is."""

    def __repr__(self):
        return str(self)


class ExceptionWrapper:
    """An exception for another process to raise: its type, and its traceback as text."""

    def __init__(self, error: BaseException, where: str) -> None:
        self.exc_type: Any = type(error)
        trace = "".join(traceback.format_exception(error))
        self.message = f"Caught {self.exc_type.__name__} {where}.\nOriginal {trace}"

    def reraise(self):
        try:
            if getattr(self.exc_type, "message", None):
                error = self.exc_type(message=self.message)
            else:
                error = self.exc_type(KeyErrorMessage(self.message) if self.exc_type is KeyError else self.message)
        except Exception:  # its __init__ wants other arguments
            error = RuntimeError(self.message)
        raise error


def pickled(number, result, where):
    """A result as bytes; what cannot be pickled is an exception too."""
    try:
        return pickle.dumps((number, result), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        failure = result if isinstance(result, ExceptionWrapper) else ExceptionWrapper(error, where)
        failure.exc_type = RuntimeError
        return pickle.dumps((number, failure))


# ------------------------------------------------------------------ the process


def listen(home: Connection, tasks: queue.SimpleQueue, stopped: threading.Event) -> None:
    """Take in tasks until there is a None, or no loader any more."""
    loader = os.getppid()
    try:
        with suppress(EOFError, OSError):
            while home.poll(LOOK) or os.getppid() == loader:
                if home.poll():
                    task = home.recv()
                    if task is None:
                        break
                    tasks.put(task)
    finally:
        stopped.set()
        tasks.put(None)


def send(home: Connection, results: queue.SimpleQueue) -> None:
    """Send off what is done, until nobody wants it any more."""
    with suppress(OSError):
        while True:
            home.send_bytes(results.get())


def seed_all(base_seed: int, worker_id: int) -> int:
    """Seed torch's generator and Python's with base_seed + worker_id, and NumPy's with a hash of the two."""
    seed = base_seed + worker_id
    python_random.seed(seed)
    random.manual_seed(seed)
    low, high = base_seed & (2**32 - 1), base_seed >> 32
    np.random.seed(np.random.SeedSequence([worker_id, low, high, 0]).generate_state(4))
    return seed


def begun(fetcher, where):
    """A fetcher, or the exception that making it raised, which is then the answer to every task."""
    try:
        return fetcher()
    except Exception as error:
        return ExceptionWrapper(error, where)


def fetched(source, index, iterable, where):
    """A batch, or what became of it."""
    if isinstance(source, ExceptionWrapper):
        return source
    try:
        return source.fetch(index)
    except Exception as error:
        return End() if iterable and isinstance(error, StopIteration) else ExceptionWrapper(error, where)


def run(
    home: Connection,
    fetcher: Callable[[], Any],
    dataset: Any,
    iterable: bool,
    base_seed: int,
    worker_init_fn: Callable[[int], Any] | None,
    worker_id: int,
    num_workers: int,
) -> None:
    """All that a worker does."""
    global here
    tasks, results, stopped = queue.SimpleQueue(), queue.SimpleQueue(), threading.Event()
    where, ended = f"in DataLoader worker process {worker_id}", False

    def first_fetcher():
        if worker_init_fn is not None:
            worker_init_fn(worker_id)
        return fetcher()

    try:
        threading.Thread(target=listen, args=(home, tasks, stopped), daemon=True).start()
        threading.Thread(target=send, args=(home, results), daemon=True).start()
        here = WorkerInfo(worker_id, num_workers, seed_all(base_seed, worker_id), dataset)
        source = begun(first_fetcher, where)
        while not ((task := tasks.get()) is None or stopped.is_set()):
            if isinstance(task, Resume):
                source, ended = begun(fetcher, where), False
                results.put(pickled(None, task, where))
            elif not ended:
                result = fetched(source, task.index, iterable, where)
                ended = isinstance(result, End)
                results.put(pickled(task.number, result, where))
    except KeyboardInterrupt:  # the loader's process hears of it too, and says so
        pass
