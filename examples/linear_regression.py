"""A line through noisy points, fitted by gradient descent that is written out."""

import torch

torch.manual_seed(0)
x = torch.linspace(-1, 1, 50)
y = 3 * x - 1 + 0.1 * torch.randn(50)

w = torch.zeros(1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)

for step in range(101):
    loss = ((w * x + b - y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.2 * w.grad
        b -= 0.2 * b.grad
        w.grad.zero_()
        b.grad.zero_()
    if step % 20 == 0:
        print(f"step {step:3d}  loss {loss.item():.5f}  w {w.item():.4f}  b {b.item():.4f}")

print("w:", w)
print("b:", b.detach())
