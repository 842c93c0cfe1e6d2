"""A bit of everything that trainings do: what parity diff must follow, and find nothing in."""

import copy
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
print(sys.argv[1:])

# Convolutions, running statistics, masks, clipping, a schedule, evaluation.
images, labels = torch.randn(24, 1, 8, 8), torch.randint(3, (24,))
net = nn.Sequential(
    nn.Conv2d(1, 4, 3),
    nn.BatchNorm2d(4),
    nn.ReLU(inplace=True),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Dropout(0.25),
    nn.Linear(36, 3),
)
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
loader = DataLoader(TensorDataset(images, labels), batch_size=8, shuffle=True)
for epoch in range(2):
    net.train()
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(net(x), y, label_smoothing=0.1).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        optimizer.step()
        schedule.step()
    net.eval()
    with torch.no_grad():
        print(epoch, (net(images).argmax(1) == labels).float().mean().item())


class Normed(nn.Module):
    """What makes tensors at the same lines, in other sizes; the second mean is 0 but for rounding."""

    def __init__(self, width):
        super().__init__()
        self.first = nn.BatchNorm1d(width)
        self.second = nn.BatchNorm1d(width)

    def forward(self, x):
        return self.second(self.first(x))


nn.Sequential(Normed(4), nn.Linear(4, 6), Normed(6))(torch.randn(9, 4)).square().sum().backward()
twin = copy.deepcopy(net)
twin.load_state_dict(net.state_dict())

# Two optimizers, accumulated gradients, a gradient of a gradient, a closure.
generator, critic = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
one, other = (
    torch.optim.SGD(generator.parameters(), lr=0.1, momentum=0.9),
    torch.optim.RMSprop(critic.parameters(), lr=1e-3),
)
for _ in range(2):
    real, fake = torch.randn(6, 2), generator(torch.randn(6, 2))
    middle = (0.5 * real + 0.5 * fake.detach()).requires_grad_()
    (slope,) = torch.autograd.grad(critic(middle).sum(), middle, create_graph=True)
    other.zero_grad(set_to_none=False)
    (critic(fake.detach()).mean() - critic(real).mean() + (slope.norm(dim=1) - 1).square().mean()).backward()
    other.step()
    one.zero_grad()
    for part in fake.split(3):
        (-critic(part).mean()).backward(retain_graph=True)
    one.step()
line = torch.zeros(2, requires_grad=True)
lbfgs = torch.optim.LBFGS([line], max_iter=3)


def closure():
    lbfgs.zero_grad()
    loss = (line.exp() - torch.tensor([1.0, 2.0]) * line).sum()
    loss.backward()
    return loss


for _ in range(2):
    lbfgs.step(closure)

# Sequences, attention, views and writes, hooks, errors that both raise, ties.
lstm, attention = nn.LSTM(3, 4, batch_first=True), nn.MultiheadAttention(4, 2, batch_first=True)
out, _ = lstm(torch.randn(2, 5, 3))
mixed, _ = attention(out, out, out)
mixed.register_hook(lambda g: g * 2)
mixed.square().mean().backward()
a = torch.arange(6.0).reshape(2, 3).requires_grad_()
b = a * 1
b[0] += b[1].detach()
b.T[1:].mul_(2)
torch.where(b > 3, b, b * b).sum().backward()
try:
    b.sum().backward()
    (a @ a).sum()
except RuntimeError as error:
    print(type(error).__name__)
print(torch.sort(torch.tensor([2, 1, 2, 1]), descending=True).values)


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x

    @staticmethod
    def backward(ctx, g):
        return 2 * g


class Rounded(torch.autograd.Function):
    """Flat, with a gradient all the same."""

    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, g):
        return g


(Doubled.apply(a) * Rounded.apply(a)).sum().backward()
