"""A file is written as a whole or not at all."""

import os
import secrets
import time
from contextlib import suppress

LITTER = ".tinygrad_edu-"  # how the names of unfinished files begin
STALE = 3600  # seconds after which such a file is one that a killed program left behind


def write_whole(path, data):
    """Have the file hold these bytes, or, if anything comes in between, what it held before."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise RuntimeError(f"Parent directory {folder} does not exist.")
    if os.path.exists(path) and not os.path.isfile(path):  # /dev/null, or a folder, which open() refuses
        with open(path, "wb") as file:
            file.write(data)
        return
    sweep(folder)
    unfinished = os.path.join(folder, f"{LITTER}{secrets.token_hex(8)}.tmp")
    try:
        with open(unfinished, "xb") as file:
            if os.path.exists(path):
                os.chmod(unfinished, os.stat(path).st_mode & 0o777)  # what was private stays so
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(unfinished)
    if os.name == "posix":  # the new name must reach the disk too
        with suppress(OSError):
            place = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(place)
            finally:
                os.close(place)


def sweep(folder):
    """Remove what killed programs did not finish."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(LITTER):
                with suppress(OSError):
                    if entry.stat().st_mtime < time.time() - STALE:
                        os.unlink(entry.path)
