"""What an op takes: which of its inputs may be Python numbers, in torch's eyes and in NumPy's."""

import itertools

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.op import registry

# Two numbers make a tensor with torch's own four; here there is Python for that. And clamp takes a bound of each kind.
OURS_ALONE = {(name, "NN") for name in ("add", "sub", "mul", "div", "floor_divide")} | {
    ("clamp", "TNT"),
    ("clamp", "TTN"),
}
PAIRS = [name for name, op in registry.items() if len(op.inputs) == len(op.promotes) > 1 and "torch" in op.places]


def refuses(lib, name, kinds):
    """Whether the function has a TypeError for such inputs: a tensor (T) or a number (N) each."""
    try:
        getattr(lib, name)(*(lib.tensor([3, 5]) if kind == "T" else 2 for kind in kinds))
    except TypeError:
        return True
    except (RuntimeError, NotImplementedError):
        pass  # it takes them, but for their dtype
    return False


@pytest.mark.parametrize("name", PAIRS)
def test_numbers_where_torch_takes_numbers(name, torch):
    for kinds in map("".join, itertools.product("TN", repeat=len(registry[name].inputs))):
        if (name, kinds) not in OURS_ALONE:
            assert refuses(tg, name, kinds) == refuses(torch, name, kinds), kinds


def test_numpys_functions_take_numbers():
    x = tg.tensor([-1.0, 2.0])
    assert np.maximum(x, 0).tolist() == [0, 2]
    assert np.less(0, x).tolist() == [False, True]
    assert np.hypot(x, 0.0).dtype is tg.float32


def test_alpha_has_room_in_the_dtype_or_is_refused():
    x = tg.tensor([1, 2], dtype=tg.uint8)
    assert tg.add(x, x, alpha=-1).tolist() == [0, 0]
    with pytest.raises(RuntimeError, match="without overflow"):
        tg.add(x, x, alpha=-300)
