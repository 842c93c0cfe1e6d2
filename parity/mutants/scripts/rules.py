"""Each rule that a mutant is in, at ordinary numbers, and at the corners, ties and repetitions where rules go wrong."""

import torch
import torch.nn.functional as F

torch.manual_seed(1)
x = torch.randn(5, 5, requires_grad=True)
rough = torch.tensor([[1.0, 0.0, 2.0, 2.0], [0.0, 3.0, -1.0, 3.0], [1.0, 0.0, 0.0, 1.0]], requires_grad=True)
w, b = torch.randn(6, 5, requires_grad=True), torch.randn(6, requires_grad=True)
g = torch.randn(5, 6)

(F.linear(x, w, b) * g).sum().backward()
(
    x.sum(1) * g[:, 0]
).sum().backward()  # a square, and a cube: where axes may be taken for each other, and nothing raises
cube = torch.arange(27.0).reshape(3, 3, 3).clone().requires_grad_()
(cube.permute(1, 2, 0) * cube.detach()).sum().backward()
for f in (torch.sigmoid, torch.tanh, torch.relu, lambda t: t.clamp(-0.5, 0.5), lambda t: torch.sqrt(t * t + 1)):
    (f(x) * x.detach()).sum().backward()
for f in (torch.relu, lambda t: t.clamp(0, 1), lambda t: torch.amax(t, 1)):
    f(rough).sum().backward()
other = torch.tensor([[1.0, 1.0, 0.0, 2.0], [1.0, 1.0, 1.0, 3.0], [1.0, 0.0, 0.0, 0.0]], requires_grad=True)
torch.maximum(rough, other).sum().backward()

t = torch.randn(2, 3, 4, requires_grad=True)
turned = t.permute(1, 2, 0)
(turned * torch.randn(3, 4, 2)).sum().backward()
(t.sum(1) * torch.randn(2, 4)).sum().backward()
(x.sum(1) * torch.randn(5)).sum().backward()
(t.mean() + (t.mean(2) * torch.randn(2, 3)).sum()).backward()
p, q = torch.randn(4, 3, requires_grad=True), torch.randn(3, 3, requires_grad=True)
((p @ q) * torch.randn(4, 3)).sum().backward()
(t[torch.tensor([0, 1, 0, 0])] * torch.randn(4, 3, 4)).sum().backward()
torch.gather(x, 1, torch.tensor([[0, 0, 1], [2, 2, 2], [1, 1, 0]])).square().sum().backward()
(F.softmax(x, 1) * torch.randn(5, 5)).sum().backward()
F.softmax(x * 1e6, 1).sum()
(F.log_softmax(x, 1) * torch.randn(5, 5)).sum().backward()
(x / (x.detach().abs() + 2)).sum().backward()
denominator = torch.rand(5, 5).add(0.5).requires_grad_()
((1 + x.detach()) / denominator).sum().backward()
(x.cumsum(1) * torch.randn(5, 5)).sum().backward()
rough.prod(1).sum().backward()
