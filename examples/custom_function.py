"""A function with a derivative of one's own: rounding that lets gradients through, and a check of another's formula."""

import torch
from torch.autograd import Function, gradcheck


class Round(Function):
    """Rounds forward; backward it is the identity (the straight-through estimator)."""

    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output


class Swish(Function):
    """x sigmoid(beta x)"""

    @staticmethod
    def forward(ctx, x, beta):
        s = torch.sigmoid(beta * x)
        ctx.save_for_backward(x, s)
        ctx.beta = beta
        return x * s

    @staticmethod
    def backward(ctx, grad_output):
        x, s = ctx.saved_tensors
        return grad_output * (s + ctx.beta * x * s * (1 - s)), None


torch.manual_seed(12)
x = torch.randn(5, dtype=torch.double, requires_grad=True)
print("swish passes gradcheck:", gradcheck(Swish.apply, (x, 1.5)))
print(Swish.apply(x, 1.5))

levels = torch.randn(6, requires_grad=True)
target = torch.tensor([2.0, -1.0, 0.0, 3.0, 1.0, -2.0])
optimizer = torch.optim.SGD([levels], lr=0.3)
for step in range(12):
    loss = (Round.apply(levels) - target).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 4 == 3:
        print(f"step {step + 1:2d}  loss {loss.item():.4f}  rounded {Round.apply(levels).tolist()}")
