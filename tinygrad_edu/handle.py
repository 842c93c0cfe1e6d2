"""What registering a hook returns: the means to take it out again."""

from itertools import count

keys = count()


class Handle:
    """A hook's place in its list; `remove()` takes it out."""

    def __init__(self, hooks, hook):
        self.hooks, self.key = hooks, next(keys)
        hooks[self.key] = hook

    def remove(self):
        self.hooks.pop(self.key, None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()
