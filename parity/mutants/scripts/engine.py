"""What the walk, modes, hooks, views and writes are for: each block ends in a backward, whose gradients tell."""

import torch

torch.manual_seed(1)
x, y = torch.randn(3, 4, requires_grad=True), torch.randn(3, 4, requires_grad=True)

(x * x + x.exp()).sum().backward()  # one value, read three times
(x * 2).sum().backward()  # and again, on top of it
(x + y).sum().backward()  # one gradient for two
with torch.no_grad():
    x.grad.mul_(0.5)

a = x * y  # two paths of unequal length meet
(a + a.exp().log().tanh() * a).sum().backward()

row, number = torch.randn(4, requires_grad=True), torch.randn(1, 1, requires_grad=True)
((x + row) * number).sum().backward()  # stretched, hence summed

wide = torch.randn(3, 4, dtype=torch.float64)
(x * wide).sum().backward()

s = torch.rand(4, requires_grad=True)
(slope,) = torch.autograd.grad(s.exp().tanh().sum(), s, create_graph=True)
(slope**2).sum().backward()

h = x * 3
h.register_hook(lambda g: g * 10)
h.sum().backward()

with torch.no_grad():
    with torch.no_grad():
        pass
    b = x * 2
(b * y).sum().backward()
try:
    with torch.no_grad():
        raise KeyError
except KeyError:
    pass
(x * y).sum().backward()

c = x * 1
c.pow_(2)  # its rule needs the value that is overwritten
c.sum().backward()

d = x * 1
first, second = d[0], d[:, 1]
d.mul_(3)  # both views see it
(first * second[0]).sum().backward()

e = x * 1
e[1] = y[1] * 5  # that row hears nothing any more
e.sum().backward()

torch.full((1_000_000, 2), 0.1).sum(0)  # where one after another, each is rounded the same way

for broken in (lambda t: t.exp_(), lambda t: t.detach().mul_(2)):
    f = x.tanh()
    g = f * f
    broken(f)
    try:
        g.sum().backward()
    except RuntimeError as error:
        print(type(error).__name__)


class Wider(torch.autograd.Function):
    """Its gradient is of another dtype than its input."""

    @staticmethod
    def forward(ctx, t):
        return t * 2

    @staticmethod
    def backward(ctx, g):
        return g.double() * 2


z = torch.randn(3, requires_grad=True)
Wider.apply(z).sum().backward()

k = (x * x).sum()
k.backward()
try:
    k.backward()
except RuntimeError as error:
    print(type(error).__name__)

leaves = [t.detach().clone().requires_grad_() for t in (x, y)]
optimizer = torch.optim.SGD(leaves, lr=0.1)
((leaves[0] + leaves[1]) * x.detach()).sum().backward()  # whose rule hands one gradient to both
leaves[0].grad.mul_(2)
optimizer.step()
tripled = leaves[0] * 3
((leaves[0] + leaves[1]) * x.detach() + tripled).sum().backward()  # to one of them more is added after that
