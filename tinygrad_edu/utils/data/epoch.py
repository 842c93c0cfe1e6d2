"""One epoch: the batches one after the other, made in this process, or by workers ahead of time."""

import itertools
import multiprocessing
import os
import signal
import time
import weakref
from contextlib import suppress
from functools import partial
from multiprocessing.connection import wait
from typing import Any

from ... import random
from ...users import warn
from ._utils.fetch import _IterableDatasetFetcher, _MapDatasetFetcher
from ._utils.worker import End, ExceptionWrapper, Resume, Task, run

PATIENCE = 5.0  # seconds in which workers may finish what they are at, once they are told to end


class _BaseDataLoaderIter:
    """What both kinds have: the sampler's iterator is made first, then the workers' seed is drawn, as in torch."""

    def __init__(self, loader: Any) -> None:
        if loader.pin_memory:
            warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used."
            )
        self._dataset, self._iterable, self._index_sampler = loader.dataset, loader._iterable, loader._index_sampler
        self._num_workers, self._timeout, self._announced = loader.num_workers, loader.timeout, loader._announced
        self._fetcher = partial(
            _IterableDatasetFetcher if self._iterable else _MapDatasetFetcher,
            loader.dataset,
            loader._auto_collation,
            loader.collate_fn,
            loader.drop_last,
        )
        self._sampler_iter = iter(self._index_sampler)
        self._base_seed = (loader.generator or random.default_generator).integer63()
        self._num_yielded = 0

    def __iter__(self):
        return self

    def _next_data(self) -> Any:
        raise NotImplementedError

    def __next__(self) -> Any:
        data = self._next_data()
        self._num_yielded += 1
        if self._announced is not None and self._num_yielded > self._announced:
            warn(
                f"Length of IterableDataset {self._dataset} was reported to be {self._announced} (when accessing"
                f" len(dataloader)), but {self._num_yielded} samples have been fetched."
                + (
                    " Does each worker give all items, rather than its share (get_worker_info())?"
                    * bool(self._num_workers)
                )
            )
        return data

    def __len__(self):
        return len(self._index_sampler)

    def __getstate__(self):
        raise NotImplementedError(f"{type(self).__name__} cannot be pickled")


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    """Makes a batch when it is asked for."""

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        if self._timeout:
            raise AssertionError("_SingleProcessDataLoaderIter requires timeout == 0: there is no worker to wait for")
        self._fetch = self._fetcher().fetch

    def _next_data(self):
        return self._fetch(next(self._sampler_iter))


# ------------------------------------------------------------------ workers


class Worker:
    """A worker as its loader sees it: a process, and a line to it."""

    def __init__(self, context: Any, *args: Any) -> None:
        self.line, home = context.Pipe()
        try:
            self.process = context.Process(target=run, args=(home, *args), daemon=True)
            self.process.start()
        finally:
            home.close()  # so that the line ends when the worker does
        self.ended = False  # whether it has no items left

    def tell(self, message):
        try:
            self.line.send(message)
        except OSError:
            raise RuntimeError(self.obituary()) from None

    def hear(self):
        """The next answer: the task's number, and what came of it."""
        try:
            return self.line.recv()
        except (EOFError, OSError):
            raise RuntimeError(self.obituary()) from None

    def obituary(self):
        process = self.process
        process.join(PATIENCE)
        if process.exitcode is not None and process.exitcode < 0:
            name = signal.strsignal(-process.exitcode)
            return f"DataLoader worker (pid {process.pid}) is killed by signal: {name}."
        return (
            f"DataLoader worker (pid(s) {process.pid}) exited unexpectedly with exit code {process.exitcode}. Details are"
            " lost due to multiprocessing. Rerunning with num_workers=0 may give better error trace."
        )

    def stop(self):
        """Tell it to end; it does after the batch that it is at."""
        with suppress(OSError):  # it is gone already
            self.line.send(None)


def shut_down(workers, owner):
    """End the workers: at their ease if they can, by force if they take long."""
    if os.getpid() != owner:  # a copy of the loader in another worker is thrown away, and those are not its workers
        return
    for worker in workers:
        worker.stop()
    deadline = time.monotonic() + PATIENCE
    for worker in workers:
        worker.process.join(max(0.0, deadline - time.monotonic()))
    for end in ("terminate", "kill"):
        for worker in workers:
            if worker.process.is_alive():
                getattr(worker.process, end)()
                worker.process.join(PATIENCE)
    for worker in workers:
        worker.line.close()
    workers.clear()


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """Hands out tasks to workers in turn, ahead of time, and gives what they make in the order of the tasks."""

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        if loader.prefetch_factor <= 0:
            raise AssertionError("prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter")
        self._in_order, self._persistent = loader.in_order, loader.persistent_workers
        self._most = loader.prefetch_factor * self._num_workers  # tasks in the workers' hands
        self._workers: list[Worker] = []
        self._shutdown_workers = weakref.finalize(self, shut_down, self._workers, os.getpid())
        context = loader.multiprocessing_context or multiprocessing
        for i in range(self._num_workers):
            self._workers.append(
                Worker(
                    context,
                    self._fetcher,
                    self._dataset,
                    self._iterable,
                    self._base_seed,
                    loader.worker_init_fn,
                    i,
                    self._num_workers,
                )
            )
        self._begin(loader)

    def _reset(self, loader):
        """Another epoch of the same workers."""
        try:
            for worker in self._workers:
                worker.tell(Resume())
            for worker in self._workers:
                while worker.hear()[0] is not None:  # what is left of an epoch that was given up
                    pass
                worker.ended = False
        except BaseException:
            self._shutdown_workers()
            raise
        self._num_yielded = 0
        self._begin(loader)

    def _begin(self, loader):
        self._announced, self._sampler_iter = loader._announced, iter(self._index_sampler)
        self._due: dict[int, Worker] = {}  # tasks that are handed out, and to whom, in their order
        self._arrived: dict[int, Any] = {}  # what came of them, in the order of its arrival
        self._numbers, self._turns = itertools.count(), itertools.cycle(self._workers)
        for _ in range(self._most):
            self._hand_out()

    def _hand_out(self):
        """Give the next task to the worker whose turn it is; where order does not matter, to one that has few."""
        try:
            index = next(self._sampler_iter)
        except StopIteration:
            return
        working = [worker for worker in self._workers if not worker.ended]
        held = list(self._due.values())
        for worker in itertools.islice(self._turns, self._num_workers):
            if worker in working and (self._in_order or held.count(worker) < self._most // len(working)):
                number = next(self._numbers)
                self._due[number] = worker
                worker.tell(Task(number, index))
                return

    def _receive(self):
        """Wait for the next answer: of the worker whose batch is due, or, where order does not matter, of any."""
        owing = list(dict.fromkeys(self._due.values()))
        waiting = owing[:1] if self._in_order else owing
        ends = [end for worker in waiting for end in (worker.line, worker.process.sentinel)]
        ready = wait(ends, self._timeout or None)
        if not ready:
            raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds")
        worker = next(w for w in waiting if w.line in ready or w.process.sentinel in ready)
        number, result = worker.hear()
        self._arrived[number] = result

    def _next_answer(self):
        while self._due:
            number = next(iter(self._due if self._in_order else self._arrived or self._due))
            if number not in self._arrived:
                self._receive()
                continue
            worker, data = self._due.pop(number), self._arrived.pop(number)
            if isinstance(data, End):
                worker.ended = True
                self._due = {n: w for n, w in self._due.items() if w is not worker}  # it will not answer any more
                if not self._persistent:
                    worker.stop()
            self._hand_out()
            if not isinstance(data, End):
                return data
        raise StopIteration

    def _next_data(self):
        try:
            data = self._next_answer()
        except BaseException as error:  # Ctrl-C, perhaps in the middle of a message; a worker that was killed; ...
            if not (self._persistent and isinstance(error, StopIteration)):
                self._due = {}
                self._shutdown_workers()
            raise
        if isinstance(data, ExceptionWrapper):
            data.reraise()
        return data
