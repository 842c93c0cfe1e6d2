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

    def __init__(self, torch, case, options, bits=True):
        self.torch = torch
        self.case = case(torch, options)
        if not bits:
            self.keep_all()
        self.batches = islice(self.case.batches(), options.steps)
        self.test = tuple(array(t) for t in self.case.test)
        self.scores = []

    def keep_all(self):
        """No dropout: its masks are not ours to compare where torch's bits are not promised."""
        for module in self.case.model.modules():
            if isinstance(module, self.torch.nn.Dropout):
                module.p = 0.0

    def next_batch(self):
        """The next batch as this engine draws it: (inputs, targets), or None when it has finished training."""
        batch = next(self.batches, None)
        return None if batch is None else tuple(array(t) for t in batch)

    def parameters(self):
        return {("parameter", name): array(p) for name, p in self.case.model.named_parameters()}

    def buffers(self):
        """What the model keeps that is not trained: the running means of a normalization, and so on."""
        return {("buffer", name): array(b) for name, b in self.case.model.named_buffers()}

    def gradients(self):
        named = self.case.model.named_parameters()
        return {("gradient", name): array(p.grad) for name, p in named if p.grad is not None}

    def norm(self):
        """How long all gradients were together, if the case clips them: clipped, they no longer tell."""
        return {} if self.case.norm is None else {("norm", "all gradients"): array(self.case.norm)}

    def moments(self):
        """What the optimizer remembers: its (exp_avg, fc1.weight), and so on."""
        names, kept = self.names(), self.case.optimizer.state_dict()["state"]
        return {(moment, names[i]): array(t) for i, state in kept.items() for moment, t in state.items()}

    def names(self):
        """The parameters' names, in the order in which the optimizer counts them."""
        named = {id(p): name for name, p in self.case.model.named_parameters()}
        return [named[id(p)] for group in self.case.optimizer.param_groups for p in group["params"]]

    def rates(self):
        """The learning rates, if the case has a schedule for them."""
        groups = self.case.optimizer.param_groups if self.case.scheduler else ()
        return {("learning rate", f"group {i}"): np.array(group["lr"]) for i, group in enumerate(groups)}

    # ---------------------------------------------------------------- a step, in two halves, and whole

    def backward(self, x, y):
        """The first half: the loss, what the model noted on the way, and the gradients."""
        loss = self.case.backward(self.torch.tensor(x), self.torch.tensor(y))
        return {("loss", "loss"): array(loss)} | self.buffers() | self.norm() | self.gradients()

    def update(self, before):
        """The second half: what the optimizer makes of a snapshot of gradients, moments and parameters."""
        self.load(before)
        self.case.optimizer.step()
        return copied(self.moments() | self.parameters())

    def step(self, x, y):
        """A step of training on this batch: what it came to."""
        loss = self.case.step(self.torch.tensor(x), self.torch.tensor(y))
        return {("loss", "loss"): array(loss)} | self.buffers() | self.parameters()

    def state(self):
        """All that a step depends on, as it is now, but for the generator."""
        return copied(self.buffers() | self.gradients() | self.moments() | self.parameters())

    def load(self, state):
        """Take over such a state, bit for bit."""
        with self.torch.no_grad():
            for name, p in self.case.model.named_parameters():
                p.copy_(self.tensor(state["parameter", name]))
        self.restore(state)
        moments = {}
        for i, name in enumerate(self.names()):
            kept = {what: a for (what, n), a in state.items() if n == name and what not in ("parameter", "gradient")}
            if kept:
                moments[i] = {what: self.tensor(a) for what, a in kept.items()}
        self.case.optimizer.load_state_dict({**self.case.optimizer.state_dict(), "state": moments})

    def restore(self, state):
        """Put back what the first half of a step changes: buffers and gradients."""
        with self.torch.no_grad():
            for name, b in self.case.model.named_buffers():
                b.copy_(self.tensor(state["buffer", name]))
        for name, p in self.case.model.named_parameters():
            p.grad = self.tensor(state["gradient", name]) if ("gradient", name) in state else None

    def tensor(self, a):
        return self.torch.from_numpy(np.array(a))

    # ---------------------------------------------------------------- what was learned

    def predict(self, x):
        """What the model says of x, as it is used after training."""
        self.case.model.eval()
        with self.torch.no_grad():
            prediction = array(self.case.output(self.torch.tensor(x)))
        self.case.model.train()
        return prediction

    def score(self):
        """How good its predictions are on held-out data, by the case's measure."""
        x, y = self.test
        return float(self.case.measure.of(self.predict(x), y))
