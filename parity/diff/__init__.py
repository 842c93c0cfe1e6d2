"""python -m parity diff: the first operation in which two engines differ, and why."""
