"""For those who test: is a difference rounding, or is it a bug? And what finds bugs: Hypothesis strategies, up to whole programs."""

from importlib import import_module as _import_module

from ..names import missing_from
from .close import assert_close

# Where the rest is, which is imported when it is asked for: the strategies need Hypothesis.
_LATER = {
    "assert_gradients": "gradients",
    "shapes": "strategies",
    "broadcastable": "strategies",
    "indices": "strategies",
    "tensors": "strategies",
    "programs": "program.drawing",
    "operations": "program.vocabulary",
    "Program": "program.ir",
    "assert_agrees": "program.judging",
    "differences": "program.judging",
    "minimal": "program.minimal",
    "modules": "models",
    "training_loops": "training",
}

__all__ = ["assert_close", *_LATER]

_missing = missing_from(__name__)


def __getattr__(name):
    if name not in _LATER:
        return _missing(name)
    try:
        module = _import_module(f"{__name__}.{_LATER[name]}")
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "hypothesis":
            raise
        raise ImportError(f'testing.{name} needs Hypothesis: pip install "tinygrad_edu[test]"') from error
    globals()[name] = getattr(module, name)
    return globals()[name]


def __dir__():
    return __all__
