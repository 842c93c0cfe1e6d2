"""What is walked: the modules in torch's table, and those that it lacks and we have samples for."""

import torch
from torch.testing._internal.common_modules import module_db

from ..ops import Unknown
from .own import SAMPLES, STACKS

TABLE = {info.module_cls.__name__: info for info in module_db if info.name.startswith("nn.")}

EXCLUDED = {
    **{name: "its parameters have no shape until it is called" for name in TABLE if name.startswith("Lazy")},
    "FractionalMaxPool2d": "not in the library",
    "FractionalMaxPool3d": "not in the library",
    "LinearCrossEntropyLoss": "not in the library",
}


def keys(words):
    """The modules of these names, or all that are walked; Unknown if there are no samples for one."""
    known = sorted({*TABLE, *SAMPLES, *STACKS})
    for name in words:
        if name not in known:
            raise Unknown(f"torch's table has no module {name!r}")
    return list(dict.fromkeys(words)) or [name for name in known if name not in EXCLUDED]


def theirs(key):
    return getattr(torch.nn, key)
