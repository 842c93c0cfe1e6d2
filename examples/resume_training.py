"""Training that stops half-way, is saved, and goes on from the file as if nothing had happened."""

import os
import tempfile

import torch
import torch.nn as nn


def build():
    torch.manual_seed(14)
    model = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.BatchNorm1d(12), nn.Linear(12, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40)
    return model, optimizer, scheduler


def train(model, optimizer, scheduler, epochs):
    for _ in range(epochs):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        scheduler.step()
    return loss.item()


torch.manual_seed(0)
x = torch.randn(64, 3)
y = (x[:, :1] * x[:, 1:2]).tanh() + 0.3 * x[:, 2:]

whole = build()
print(f"40 epochs at a stretch: {train(*whole, 40):.5f}")

model, optimizer, scheduler = build()
print(f"20 epochs:              {train(model, optimizer, scheduler, 20):.5f}")
path = os.path.join(tempfile.mkdtemp(), "checkpoint.pt")
torch.save(
    {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "epoch": 20,
    },
    path,
)

model, optimizer, scheduler = build()
checkpoint = torch.load(path)
print(model.load_state_dict(checkpoint["model"]))
optimizer.load_state_dict(checkpoint["optimizer"])
scheduler.load_state_dict(checkpoint["scheduler"])
print(
    f"and {40 - checkpoint['epoch']} from the file:     {train(model, optimizer, scheduler, 40 - checkpoint['epoch']):.5f}"
)

same = all(torch.equal(a, b) for a, b in zip(whole[0].state_dict().values(), model.state_dict().values()))
print("the same weights, to the bit:", same)
