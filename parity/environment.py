"""What this machine has: the packages that parity needs, and whether it is one on which torch's bits are promised."""

import importlib
import platform
import sys


class Missing(Exception):
    """A package that is needed is not installed; the message says how to install it."""


def load(module, extra):
    """Import a package that comes with one of tinygrad_edu's extras."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise Missing(
            f'parity needs {module}, which cannot be imported ({error}): pip install "tinygrad_edu[{extra}]"'
        ) from error


def departures(torch):
    """How this machine differs from those on which torch's random bits are promised, in words; empty if it does not.

    What torch draws from a seed has changed between its versions, and its vectorised kernels round otherwise where the
    processor has no AVX2 (hence no fused multiply-add)."""
    found = []
    if not torch.__version__.startswith("2.13."):
        found.append(f"torch is {torch.__version__}, not 2.13")
    if sys.platform != "linux" or platform.machine() != "x86_64":
        found.append(f"the system is {sys.platform} on {platform.machine()}, not Linux on x86-64")
    if (capability := torch.backends.cpu.get_cpu_capability()) not in ("AVX2", "AVX512"):
        found.append(f"torch uses its {capability} kernels, not those for AVX2 or AVX512")
    return found
