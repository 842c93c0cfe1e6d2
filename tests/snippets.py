"""Small programs that run in both engines, with what each did."""

import warnings


def outcome(program, engine):
    """What a program returned, as nested lists, or the exception it raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return plain(program(engine))
        except Exception as error:
            return error


def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value.detach().tolist() if hasattr(value, "detach") else value
