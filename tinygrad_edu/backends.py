"""The libraries that torch may compute with, none of which is here: switches that scripts set, and questions they ask."""

from types import SimpleNamespace


def no() -> bool:
    return False


cudnn = SimpleNamespace(is_available=no, deterministic=False, benchmark=False, enabled=True, allow_tf32=True)
cuda = SimpleNamespace(is_built=no, matmul=SimpleNamespace(allow_tf32=False))
mps = SimpleNamespace(is_available=no, is_built=no)
mkl = SimpleNamespace(is_available=no)
