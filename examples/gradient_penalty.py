"""Derivatives of derivatives: a network is fitted to a curve and to its slope, and its gradient is kept from growing."""

import torch
import torch.nn as nn

torch.manual_seed(13)
net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Softplus(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
x = torch.linspace(-2, 2, 64).unsqueeze(1).requires_grad_()

for step in range(1, 91):
    y = net(x)
    (slope,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    fit = (y - x.sin()).pow(2).mean()
    sobolev = (slope - x.cos()).pow(2).mean()
    penalty = (slope.norm(dim=1) - 1).clamp(min=0).pow(2).mean()
    loss = fit + 0.5 * sobolev + 0.1 * penalty
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 30 == 0:
        print(f"{step}: fit {fit.item():.4f}  slope {sobolev.item():.4f}  penalty {penalty.item():.3e}")

w = torch.tensor([1.0, 2.0], requires_grad=True)
hessian = torch.autograd.functional.hessian(lambda w: (w[0] ** 2 * w[1] ** 3).sum(), w)
print("hessian of a² b³:", hessian)
