"""A damped oscillation fitted with L-BFGS, which calls a closure as often as it needs."""

import torch

torch.manual_seed(16)
t = torch.linspace(0, 6, 80, dtype=torch.float64)
y = 2.0 * torch.exp(-0.4 * t) * torch.cos(3.0 * t + 0.5) + 0.02 * torch.randn(80, dtype=torch.float64)

p = torch.tensor([1.5, 0.3, 2.8, 0.2], dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.LBFGS([p], lr=1, max_iter=10, history_size=10, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    amplitude, decay, frequency, phase = p
    loss = (amplitude * torch.exp(-decay * t) * torch.cos(frequency * t + phase) - y).square().sum()
    loss.backward()
    return loss


for step in range(4):
    loss = optimizer.step(closure)
    print(f"step {step}: sum of squares {loss.item():.6f}")
print(p)
