"""One engine's side of a case, as NumPy arrays in and out: snapshots are arrays by (quantity, tensor)."""

from itertools import islice

import numpy as np


def array(tensor):
    """The tensor's numbers, without its history; they share its memory."""
    return tensor.detach().numpy()


def copied(snapshot):
    return {key: a.copy() for key, a in snapshot.items()}


class Twin:
    """A case trained in the engine `torch`: PyTorch, or one that says it is."""

    def __init__(self, torch, case, options):
        self.torch = torch
        self.case = case(torch, options)
        self.batches = islice(self.case.batches(), options.steps)
        self.test = tuple(array(t) for t in self.case.test)
        self.accuracies = []

    def next_batch(self):
        """The next batch as this engine draws it: (inputs, targets), or None when it has finished training."""
        batch = next(self.batches, None)
        return None if batch is None else tuple(array(t) for t in batch)

    def parameters(self):
        return {("parameter", name): array(p) for name, p in self.case.model.state_dict().items()}

    def gradients(self):
        named = self.case.model.named_parameters()
        return {("gradient", name): array(p.grad) for name, p in named if p.grad is not None}

    def buffers(self):
        """What the optimizer remembers: its (exp_avg, fc1.weight), and so on."""
        names = [name for name, _ in self.case.model.named_parameters()]
        kept = self.case.optimizer.state_dict()["state"]
        return {(buffer, names[i]): array(t) for i, state in kept.items() for buffer, t in state.items()}

    # ---------------------------------------------------------------- a step, in two halves, and whole

    def backward(self, x, y):
        """The first half: the loss, and the gradients."""
        loss = self.case.backward(self.torch.tensor(x), self.torch.tensor(y))
        return {("loss", "loss"): array(loss)} | self.gradients()

    def update(self, before):
        """The second half: what the optimizer makes of a snapshot of gradients, buffers and parameters."""
        self.load(before)
        self.case.optimizer.step()
        return copied(self.buffers() | self.parameters())

    def step(self, x, y):
        """A step of training on this batch: what it came to."""
        loss = self.case.step(self.torch.tensor(x), self.torch.tensor(y))
        return {("loss", "loss"): array(loss)} | self.parameters()

    def state(self):
        """All that the second half of a step depends on, as it is now."""
        return copied(self.gradients() | self.buffers() | self.parameters())

    def load(self, state):
        """Take over such a state, bit for bit."""
        self.case.model.load_state_dict(
            {name: self.tensor(a) for (what, name), a in state.items() if what == "parameter"}
        )
        self.load_gradients(state)
        buffers = {}
        for i, (name, _) in enumerate(self.case.model.named_parameters()):
            kept = {what: a for (what, n), a in state.items() if n == name and what not in ("parameter", "gradient")}
            if kept:
                buffers[i] = {what: self.tensor(a) for what, a in kept.items()}
        self.case.optimizer.load_state_dict({**self.case.optimizer.state_dict(), "state": buffers})

    def load_gradients(self, state):
        for name, p in self.case.model.named_parameters():
            p.grad = self.tensor(state["gradient", name]) if ("gradient", name) in state else None

    def tensor(self, a):
        return self.torch.from_numpy(np.array(a))

    # ---------------------------------------------------------------- what was learned

    def predict(self, x):
        """The model's probability that the target is 1, for each row of x."""
        with self.torch.no_grad():
            return array(self.case.model(self.torch.tensor(x)).squeeze(-1))

    def accuracy(self):
        """The share of held-out data that the model puts on the right side of 1/2."""
        x, y = self.test
        return float(np.mean((self.predict(x) > 0.5) == (y > 0.5)))
