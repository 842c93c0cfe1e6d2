"""For those who test: is a difference rounding, or is it a bug?"""

from importlib import import_module

from ..names import missing
from .close import assert_close

__all__ = ["assert_close", "assert_gradients", "modules", "training_loops"]

# loaded when they are asked for: the strategies need Hypothesis, which comes with the extra `test`
LATER = {"assert_gradients": "gradients", "modules": "models", "training_loops": "training"}


def __getattr__(name):
    if name not in LATER:
        raise missing(__name__, name)
    try:
        return getattr(import_module(f"{__name__}.{LATER[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        raise ImportError(
            f'tinygrad_edu.testing.{name} needs hypothesis, which is not installed: pip install "tinygrad_edu[test]"'
        ) from error


def __dir__():
    return __all__
