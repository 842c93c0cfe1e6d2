"""One engine's side of a case, as NumPy arrays in and out."""

from itertools import islice

import numpy as np


def array(tensor):
    """The tensor's numbers, without its history; they share its memory."""
    return tensor.detach().numpy()


class Twin:
    """A case trained in the engine `torch`: PyTorch, or one that says it is."""

    def __init__(self, torch, case, options):
        self.torch = torch
        self.case = case(torch, options)
        self.batches = islice(self.case.batches(), options.steps)
        self.test = tuple(array(t) for t in self.case.test)
        self.loss, self.accuracies = None, []

    def next_batch(self):
        """The next batch as this engine draws it: (inputs, targets), or None when it has finished training."""
        batch = next(self.batches, None)
        return None if batch is None else tuple(array(t) for t in batch)

    def step(self, x, y):
        """One step of training on this batch."""
        self.loss = array(self.case.step(self.torch.tensor(x), self.torch.tensor(y)))

    def parameters(self):
        return {name: array(t) for name, t in self.case.model.state_dict().items()}

    def gradients(self):
        return {name: array(p.grad) for name, p in self.case.model.named_parameters() if p.grad is not None}

    def buffers(self):
        """What the optimizer remembers, as {buffer: {parameter: array}}: its exp_avg of fc1.weight, and so on."""
        names = [name for name, _ in self.case.model.named_parameters()]
        found = {}
        for i, state in self.case.optimizer.state_dict()["state"].items():
            for buffer, value in state.items():
                found.setdefault(buffer, {})[names[i]] = array(value)
        return found

    def outcome(self):
        """What the last step came to, as {quantity: {tensor: array}}."""
        return {"loss": {"loss": self.loss}, "parameter": self.parameters()}

    def snapshot(self):
        """Everything that the last step computed, in the order of its making."""
        loss = {"loss": self.loss}
        return {"loss": loss, "gradient": self.gradients(), **self.buffers(), "parameter": self.parameters()}

    def load(self, other):
        """Take over another twin's parameters, optimizer state and losses, bit for bit."""
        tensor = self.torch.tensor
        self.case.model.load_state_dict({name: tensor(a) for name, a in other.parameters().items()})
        ours, theirs = self.case.optimizer.state_dict(), other.case.optimizer.state_dict()
        copied = {i: {name: tensor(array(t)) for name, t in state.items()} for i, state in theirs["state"].items()}
        self.case.optimizer.load_state_dict({**ours, "state": copied})
        self.case.losses[:] = other.case.losses

    def predict(self, x):
        """The model's probability that the target is 1, for each row of x."""
        with self.torch.no_grad():
            return array(self.case.model(self.torch.tensor(x)).squeeze(-1))

    def accuracy(self):
        """The share of held-out data that the model puts on the right side of 1/2."""
        x, y = self.test
        return float(np.mean((self.predict(x) > 0.5) == (y > 0.5)))
