"""Workers: torch's batches, torch's draws in them, its errors; and no process left behind, whatever happens."""

import gc
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="forks"),
    pytest.mark.filterwarnings("ignore:This DataLoader will create", "ignore:.*use of fork.. may lead"),
]


@pytest.fixture(autouse=True, scope="module")
def forks():
    """What is defined in a test has no name by which another process could import it."""
    usual = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("fork", force=True)
    yield
    multiprocessing.set_start_method(usual, force=True)


@pytest.fixture(autouse=True)
def nobody_stays():
    """After each test no worker is left."""
    yield
    gc.collect()  # an exception holds the frames that it came through
    assert multiprocessing.active_children() == []


def plain(batch):
    """What is comparable between engines."""
    if isinstance(batch, (list, tuple)):
        return [plain(part) for part in batch]
    return batch.tolist() if hasattr(batch, "tolist") else batch


class Drawn:
    """Items that say what a worker draws, and who it is."""

    def __init__(self, engine, n=11):
        self.engine, self.n = engine, n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        me = self.engine.utils.data.get_worker_info()
        who = None if me is None else (me.id, me.num_workers, me.seed, me.dataset is self)
        draws = self.engine.rand(2).tolist(), self.engine.randn(1).item(), random.random(), np.random.rand()
        return i, who, draws, self.engine.initial_seed()


def epochs(engine, dataset, count=2, **options):
    """The batches of some epochs, and what the program itself draws in between."""
    engine.manual_seed(5)
    loader = engine.utils.data.DataLoader(dataset, collate_fn=plain, **options)
    seen = []
    for _ in range(count):
        seen.append(list(loader))
        seen.append(engine.rand(2).tolist())
    if loader._iterator is not None:
        loader._iterator = None  # which ends its workers
    return seen


MAP = {
    "one worker": dict(num_workers=1, batch_size=3, shuffle=True),
    "three": dict(num_workers=3, batch_size=2, shuffle=True),
    "more than batches": dict(num_workers=4, batch_size=6),
    "drop_last, four ahead": dict(num_workers=2, batch_size=4, drop_last=True, prefetch_factor=4),
    "no batches": dict(num_workers=2, batch_size=None, shuffle=True),
    "persistent": dict(num_workers=2, batch_size=3, shuffle=True, persistent_workers=True),
    "batches of one's own": dict(num_workers=2, batch_sampler=[[0, 5], [1], [10, 9, 8]]),
    "a sampler of one's own": dict(num_workers=2, sampler=[4, 4, 0, 2], batch_size=3),
}


@pytest.mark.parametrize("name", MAP)
def test_batches_and_draws_are_torchs(name, promised):
    ours, theirs = (epochs(engine, Drawn(engine), **MAP[name]) for engine in (tg, promised))
    assert ours == theirs


def test_a_generator_gives_the_workers_their_seeds(promised):
    ours, theirs = (
        epochs(e, Drawn(e), num_workers=2, shuffle=True, generator=e.Generator().manual_seed(9)) for e in (tg, promised)
    )
    assert ours == theirs


def test_an_epoch_given_up_halfway_changes_nothing_for_the_next(promised):
    seen = []
    for engine in (tg, promised):
        engine.manual_seed(1)
        options = dict(num_workers=2, batch_size=2, persistent_workers=True, collate_fn=plain)
        loader = engine.utils.data.DataLoader(Drawn(engine), **options)
        seen.append([next(iter(loader)), *loader])
        loader._iterator = None
    assert seen[0] == seen[1]


def streams(engine):
    """Datasets without numbers, of different engines but otherwise the same."""

    class Stream(engine.utils.data.IterableDataset):
        def __init__(self, n, shared):
            self.n, self.shared = n, shared

        def __len__(self):
            return self.n

        def __iter__(self):
            me = engine.utils.data.get_worker_info()
            mine = slice(me.id, None, me.num_workers) if self.shared and me else slice(None)
            for i in range(self.n)[mine]:
                yield i, engine.rand(1).item()

    return Stream


STREAMS = {
    "shared out": (dict(num_workers=3, batch_size=2), 10, True),
    "short shares": (dict(num_workers=3, batch_size=3, drop_last=True), 10, True),
    "some get nothing": (dict(num_workers=4, batch_size=2), 2, True),
    "each all of it": (dict(num_workers=2, batch_size=4), 5, False),
    "no batches": (dict(num_workers=2, batch_size=None), 5, True),
    "persistent": (dict(num_workers=2, batch_size=2, persistent_workers=True), 7, True),
    "an empty one": (dict(num_workers=2), 0, True),
}


@pytest.mark.parametrize("name", STREAMS)
def test_streams_are_torchs(name, promised):
    options, n, shared = STREAMS[name]
    ours, theirs = (epochs(engine, streams(engine)(n, shared), **options) for engine in (tg, promised))
    assert ours == theirs


def test_a_stream_longer_than_it_said_warns_as_torchs(torch):
    for engine in (tg, torch):
        loader = engine.utils.data.DataLoader(streams(engine)(2, False), num_workers=2, batch_size=1, collate_fn=plain)
        assert len(loader) == 2
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert len(list(loader)) == 4
        said = [str(w.message) for w in caught if "was reported to be 2" in str(w.message)]
        assert len(said) == 2
        assert "but 3 samples have been fetched" in said[0]


def test_worker_init_fn_is_told_the_number(promised):
    for engine in (tg, promised):
        dataset = Drawn(engine, 4)

        def init(number, dataset=dataset, engine=engine):
            assert engine.utils.data.get_worker_info().dataset is dataset
            dataset.n = number * 10
            dataset.__class__ = type("Initialised", (), {"__getitem__": lambda self, i: self.n})

        loader = engine.utils.data.DataLoader(dataset, num_workers=2, worker_init_fn=init)
        assert [batch.tolist() for batch in loader] == [[0], [10], [0], [10]]
        assert engine.utils.data.get_worker_info() is None


def test_in_any_order_all_batches_come(torch):
    for engine in (tg, torch):
        loader = engine.utils.data.DataLoader(range(20), batch_size=3, num_workers=3, in_order=False)
        assert sorted(plain(list(loader))) == [list(range(i, min(i + 3, 20))) for i in range(0, 20, 3)]


def test_in_any_order_a_slow_worker_holds_nobody_up():
    class OneSlow:
        __len__ = lambda self: 8

        def __getitem__(self, i):
            time.sleep(0.5 if i == 0 else 0)
            return i

    batches = plain(list(DataLoader(OneSlow(), num_workers=2, in_order=False)))
    assert batches[0] != [0]
    assert sorted(batches) == [[i] for i in range(8)]


# ------------------------------------------------------------------ what goes wrong


class TwoArguments(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")


class Failing:
    def __init__(self, error):
        self.error = error

    def __len__(self):
        return 4

    def __getitem__(self, i):
        if i == 2:
            raise self.error
        return i


ERRORS = {
    "ValueError": ValueError("bad item"),
    "KeyError": KeyError("no such item"),
    "StopIteration": StopIteration("in the middle"),
    "two arguments": TwoArguments(1, 2),
    "NotImplementedError": NotImplementedError(),
    "of this function": type("Local", (ValueError,), {})("nobody else can make it"),
}


@pytest.mark.parametrize("name", [name for name in ERRORS if name != "of this function"])
def test_an_exception_in_a_worker_is_torchs(name, torch):
    raised = []
    for engine in (tg, torch):
        rest = iter(engine.utils.data.DataLoader(Failing(ERRORS[name]), num_workers=2))
        assert [next(rest).tolist(), next(rest).tolist()] == [[0], [1]]
        with pytest.raises(Exception) as caught:  # noqa: PT011
            next(rest)
        lines = str(caught.value).splitlines()
        raised.append((type(caught.value), lines[:2], lines[-1]))
        assert plain(list(rest)) == [[3]]  # and the others go on
    assert raised[0] == raised[1]
    assert "in DataLoader worker process 0." in raised[0][1][0]


def test_an_exception_that_cannot_travel_is_told_of_too():
    with pytest.raises(RuntimeError, match=r"(?s)Caught Local in DataLoader worker process 0.*nobody else can make it"):
        list(DataLoader(Failing(ERRORS["of this function"]), num_workers=1))


def test_a_batch_that_cannot_travel_is_an_error_and_no_wait():
    with pytest.raises(RuntimeError, match=r"(?s)DataLoader worker process 0.*pickle"):
        list(DataLoader(range(3), num_workers=1, collate_fn=lambda batch: lambda: batch))


def bad_init(number):
    raise OSError("no such disk")


@pytest.mark.parametrize("persistent", [False, True])
def test_a_failure_to_begin_is_told_at_the_first_batch(persistent, torch):
    for engine in (tg, torch):
        options = dict(num_workers=1, worker_init_fn=bad_init, persistent_workers=persistent)
        loader = engine.utils.data.DataLoader(range(1), **options)
        rest = iter(loader)
        with pytest.raises(OSError, match=r"Caught OSError in DataLoader worker process 0\.\nOriginal Traceback"):
            next(rest)
        assert list(rest) == []
        loader._iterator = None


class Dying:
    def __init__(self, how):
        self.how = how

    __len__ = lambda self: 4

    def __getitem__(self, i):
        if i == 1:
            self.how()
        return i


DEATHS = {
    "killed": (lambda: os.kill(os.getpid(), signal.SIGKILL), "is killed by signal: Killed"),
    "exit": (lambda: os._exit(3), "exited unexpectedly with exit code 3"),
    "sys.exit": (lambda: sys.exit(4), "exited unexpectedly with exit code 4"),
}


@pytest.mark.parametrize("name", DEATHS)
@pytest.mark.parametrize("persistent", [False, True])
def test_a_worker_that_dies_is_missed(name, persistent):
    how, message = DEATHS[name]
    loader = DataLoader(Dying(how), num_workers=2, persistent_workers=persistent)
    for _ in range(2):  # a persistent loader gets new ones
        rest = iter(loader)
        assert next(rest).tolist() == [0]
        with pytest.raises(RuntimeError, match=message):
            list(rest)
        assert list(rest) == []


class Sleepy:
    __len__ = lambda self: 6

    def __getitem__(self, i):
        time.sleep(0.01 if i < 4 else 60)
        return i


def test_a_timeout_is_kept_and_nobody_sleeps_on(monkeypatch, torch):
    monkeypatch.setattr(tg.utils.data.epoch, "PATIENCE", 0.2)
    rest = iter(DataLoader(Sleepy(), num_workers=2, timeout=0.5))
    assert [next(rest).tolist() for _ in range(4)] == [[0], [1], [2], [3]]
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0.5 seconds"):
        next(rest)


@pytest.mark.parametrize("persistent", [False, True])
def test_stopping_early_ends_the_workers(persistent):
    loader = DataLoader(range(1000), num_workers=2, persistent_workers=persistent)
    for batch in loader:
        assert batch.tolist() == [0]
        break
    assert len(multiprocessing.active_children()) == (2 if persistent else 0)
    del batch, loader
    assert multiprocessing.active_children() == []


def test_large_tasks_and_large_batches_pass_each_other():
    """A task that fills the line is handed out while its worker has a batch to send that fills it too."""
    batches = [list(range(50_000))] * 12
    loader = DataLoader(np.zeros(50_000), batch_sampler=batches, num_workers=2, prefetch_factor=3)
    assert [len(batch) for batch in loader] == [50_000] * 12


def test_a_worker_goes_on_while_nobody_takes_its_batches():
    made = multiprocessing.Value("i", 0)

    class Large:
        __len__ = lambda self: 10

        def __getitem__(self, i):
            made.value += 1
            return np.zeros(1_000_000)

    rest = iter(DataLoader(Large(), num_workers=1, prefetch_factor=4))
    limit = time.monotonic() + 30
    while made.value < 4 and time.monotonic() < limit:
        time.sleep(0.01)
    assert made.value == 4
    del rest


# ------------------------------------------------------------------ other ways to start a process


class Squares(Dataset[int]):
    def __len__(self):
        return 5

    def __getitem__(self, i):
        return i * i


class Halves(IterableDataset[int]):
    def __iter__(self):
        me = get_worker_info()
        return iter(range(me.id, 6, me.num_workers))


@pytest.mark.parametrize("how", ["spawn", multiprocessing.get_context("spawn")], ids=["by name", "context"])
def test_spawned_workers(how):
    loader = DataLoader(Squares(), num_workers=1, batch_size=3, multiprocessing_context=how)
    assert plain(list(loader)) == [[0, 1, 4], [9, 16]]
    loader = DataLoader(Halves(), num_workers=1, batch_size=None, multiprocessing_context=how)
    assert list(loader) == [0, 1, 2, 3, 4, 5]
    multiprocessing.resource_tracker._resource_tracker._stop()  # spawn's own helper


# ------------------------------------------------------------------ a program that is ended from outside

PROGRAM = """
import os, sys, time
from tinygrad_edu.utils.data import DataLoader, _utils

_utils.worker.LOOK = 0.2

class Items:
    def __init__(self, n):
        self.n = n
    def __len__(self):
        return self.n
    def __getitem__(self, i):
        os.write(1, b"%%d\\n" %% os.getpid())
        time.sleep(0.05)
        return i

if __name__ == "__main__":
    for batch in DataLoader(Items(%d), num_workers=2, multiprocessing_context="fork"):
        pass
    try:
        print(os.waitpid(-1, 0))
    except ChildProcessError:
        print("no child left")
"""


def program(n):
    options = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    return subprocess.Popen([sys.executable, "-W", "ignore", "-c", PROGRAM % n], **options)


def test_an_epoch_leaves_no_zombie():
    with program(6) as p:
        out, errors = p.communicate(timeout=60)
    assert (p.returncode, errors) == (0, "")
    assert out.splitlines()[-1] == "no child left"


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().split()[2] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="reads /proc")
@pytest.mark.parametrize("how", ["SIGINT to all", "SIGINT", "SIGTERM", "SIGKILL"])
def test_a_program_that_is_ended_takes_its_workers_along(how):
    with program(1000) as p:
        workers = {p.stdout.readline() for _ in range(8)}
        assert len(workers) == 2
        number = getattr(signal, how.split()[0])
        (os.killpg if "all" in how else os.kill)(p.pid, number)
        _, errors = p.communicate(timeout=20)
    assert p.returncode == -number
    if how.startswith("SIGINT"):
        assert errors.count("Traceback") == 1
        assert errors.strip().endswith("KeyboardInterrupt")
    limit = time.monotonic() + 10
    while any(alive(int(pid)) for pid in workers) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not any(alive(int(pid)) for pid in workers)
