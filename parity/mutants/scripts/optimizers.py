"""Each optimizer that a mutant is in, for a few steps on a line through points."""

import torch
from torch import optim

torch.manual_seed(1)
x, y = torch.randn(8, 3), torch.randn(8, 2)


def train(make, steps=5, set_to_none=True, **options):
    model = torch.nn.Linear(3, 2)
    optimizer = make(model.parameters(), **options)
    schedule = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    for _ in range(steps):
        optimizer.zero_grad(set_to_none)
        (model(x) - y).square().mean().backward()
        optimizer.step()
        schedule.step()


train(optim.SGD, lr=0.1, momentum=0.9, dampening=0.5)
train(optim.SGD, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.1)
train(optim.SGD, lr=0.1, momentum=0.9, set_to_none=False)
train(optim.Adam, lr=0.1, eps=1e-3)
train(optim.Adam, lr=0.1, amsgrad=True, weight_decay=0.1)
train(optim.AdamW, lr=0.1, weight_decay=0.1)

model = torch.nn.Linear(3, 2)
optimizer = optim.SGD(model.parameters(), lr=0.1)
for factor in (0.01, 100.0):
    for set_to_none in (True, False):
        optimizer.zero_grad(set_to_none=set_to_none)
        (factor * (model(x) - y).square().mean()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

prediction = model(x.clone().requires_grad_()).square().sum()
optimizer.step()  # which overwrites what the rule of linear needs for its input
try:
    prediction.backward()
except RuntimeError as error:
    print(type(error).__name__)
