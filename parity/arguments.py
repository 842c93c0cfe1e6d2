"""Kinds of arguments that parity's commands share, for argparse."""

import argparse
from pathlib import Path


def whole(least, most=2**32 - 1):
    """A whole number between the two."""

    def parse(text):
        if not least <= (number := int(text)) <= most:
            raise argparse.ArgumentTypeError(f"it must be from {least} to {most}, and is {number}")
        return number

    parse.__name__ = "whole number"
    return parse


def rate(text):
    if not 0 < (number := float(text)) < float("inf"):
        raise argparse.ArgumentTypeError(f"it must be positive and finite, and is {number}")
    return number


def file(*suffixes):
    """The name of a file that can be written, and that ends in one of the suffixes."""

    def parse(text):
        path = Path(text)
        if not path.parent.is_dir():
            raise argparse.ArgumentTypeError(f"there is no folder {path.parent}: make it first")
        if path.suffix not in suffixes:
            raise argparse.ArgumentTypeError(f"{path.name} must end in {' or '.join(suffixes)}")
        return path

    return parse
