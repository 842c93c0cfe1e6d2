"""The libraries that torch may compute with, none of which is here: switches that scripts set, and questions they ask."""

from types import ModuleType
from typing import Any

from .names import missing_from


def no() -> bool:
    return False


def library(name: str, **facts: Any) -> ModuleType:
    """A module, since scripts import it: `import torch.backends.cudnn as cudnn`."""
    module = ModuleType(f"{__name__}.{name}", f"What torch tells of {name}.")
    vars(module).update(facts)
    return module


cudnn = library(
    "cudnn",
    is_available=no,
    version=lambda: None,
    deterministic=False,
    benchmark=False,
    enabled=True,
    allow_tf32=True,
)
cuda = library("cuda", is_built=no, matmul=library("cuda.matmul", allow_tf32=False))
mps = library("mps", is_available=no, is_built=no)
mkl = library("mkl", is_available=no)
mkldnn = library("mkldnn", is_available=no)
openmp = library("openmp", is_available=no)

__getattr__ = missing_from(__name__)
