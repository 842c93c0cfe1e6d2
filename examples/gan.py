"""Two networks play: one makes numbers, the other tells them from numbers of a normal distribution."""

import torch
from torch import nn, optim

torch.manual_seed(9)
G = nn.Sequential(nn.Linear(4, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
D = nn.Sequential(nn.Linear(1, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1), nn.Sigmoid())
opt_g = optim.Adam(G.parameters(), lr=2e-3, betas=(0.5, 0.999))
opt_d = optim.Adam(D.parameters(), lr=2e-3, betas=(0.5, 0.999))
bce = nn.BCELoss()
real_label, fake_label = torch.ones(64, 1), torch.zeros(64, 1)

for step in range(1, 121):
    real = torch.normal(3.0, 0.5, size=(64, 1))
    fake = G(torch.randn(64, 4))

    opt_d.zero_grad()
    loss_d = bce(D(real), real_label) + bce(D(fake.detach()), fake_label)
    loss_d.backward()
    opt_d.step()

    opt_g.zero_grad()
    loss_g = bce(D(fake), real_label)
    loss_g.backward()
    opt_g.step()

    if step % 40 == 0:
        print(f"[{step}] D: {loss_d.item():.4f}  G: {loss_g.item():.4f}  D(G(z)): {D(fake).mean().item():.3f}")

with torch.no_grad():
    made = G(torch.randn(1000, 4))
print(f"made: mean {made.mean():.3f}, std {made.std():.3f}")
