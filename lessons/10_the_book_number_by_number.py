# %% [markdown]
# # The book's loop, number by number
#
# A perceptron learns to tell two clouds of points apart: Example 3.10 of Rao and McMahan's *Natural Language Processing
# with PyTorch*, with the learning rate of the authors' notebook. We take its first steps by hand. Before each cell,
# say what you expect; every number below is checked when this file runs.

# %%
import numpy as np
from lesson import show

import tinygrad_edu as torch  # the only line that differs from the book's
from tinygrad_edu import nn, optim

CENTRES = {0: (3, 3), 1: (3, -2)}


def batch(size):
    """Points of two clouds: each picks its cloud by a coin, then a place around the cloud's centre."""
    points, targets = [], []
    for _ in range(size):
        targets.append(0 if np.random.random() > 0.5 else 1)
        points.append(np.random.normal(loc=CENTRES[targets[-1]]))
    return torch.tensor(np.array(points), dtype=torch.float32), torch.tensor(targets, dtype=torch.float32)


torch.manual_seed(1337)
np.random.seed(1337)
batch(1000)  # the book draws its picture first

# %% [markdown]
# ## Forward
# One linear layer and a sigmoid: p = σ(x wᵀ + b). The seed gives the weights that PyTorch gives, to the bit.

# %%
linear = nn.Linear(2, 1)
w, b = linear.weight, linear.bias
show("w", w, [[-0.59634966, -0.00619887]], 0.5e-8)
show("b", b, [0.17408705], 0.5e-8)

x, y = batch(1000)
show("the first point", x[0], [4.0193124, 1.2923317])
show("its target", y[0], 0, 0)

z = linear(x)
show("z₀ = w · x₀ + b", z[0], [-2.2308397])
show("the same by hand", w[0, 0] * x[0, 0] + w[0, 1] * x[0, 1] + b, [-2.2308397])
p = torch.sigmoid(z).squeeze()
show("p₀ = 1 / (1 + exp(-z₀))", p[0], 0.09701506)

# %% [markdown]
# ## The loss
# Binary cross entropy: -log p where the target is 1, -log(1 - p) where it is 0, averaged over the batch.
# It is small where the perceptron is right and sure. At p₀ = 0.097 with target 0, is it?

# %%
show("-log(1 - p₀)", -torch.log(1 - p[0]), 0.1020494)
loss = nn.BCELoss()(p, y)
show("the mean over 1000 points", loss, 0.98767126)

# %% [markdown]
# ## Backward, by hand
# Three factors, from the loss to z. With N = 1000:
#
#     ∂loss/∂p = (p - y) / (p (1 - p)) / N        ∂p/∂z = p (1 - p)        ∂loss/∂z = (p - y) / N
#
# The two p (1 - p) cancel: what reaches the weights is just how far off each prediction is. And z = x wᵀ + b, so each
# weight hears that times its own input, summed over the batch; the bias hears the plain sum.

# %%
with torch.no_grad():
    dz = (p - y) / len(y)
    dw = dz @ x  # Σ over the batch of dzᵢ xᵢ
    db = dz.sum()
show("∂loss/∂z₀ = p₀ / 1000", dz[0], 0.000097015, 5e-10)
show("∂loss/∂w by hand", dw, [-1.007136, 1.072825])
show("∂loss/∂b by hand", db, -0.312107)

# %% [markdown]
# Now the engine, which knows nothing of this cancellation: it multiplies the rule of each op on the way.

# %%
loss.backward()
show("w.grad", w.grad, [[-1.007136, 1.072825]])
show("b.grad", b.grad, [-0.312107])
show("how far the two are apart, at most", (w.grad - dw).abs().max(), 0, 1e-6)

# %% [markdown]
# ## Adam's first step
# m = 0.1 g and v = 0.001 g², for β = (0.9, 0.999). Dividing by 1 - β¹ undoes the start from zero: m̂ = g, v̂ = g².
# So the step is lr · g / √g² = ± lr, whatever the gradient's size. Which way does each parameter go?

# %%
optimizer = optim.Adam([w, b], lr=0.01)
optimizer.step()
state = optimizer.state[w]
show("m", state["exp_avg"], [[-0.1007136, 0.1072825]])
show("v", state["exp_avg_sq"], [[0.00101432, 0.00115095]], 5e-9)
show("w after the step", w, [[-0.58634967, -0.01619887]], 0.5e-8)
show("so it moved by", w - torch.tensor([[-0.59634966, -0.00619887]]), [[0.01, -0.01]])

# %% [markdown]
# ## And on
# Each step: forget the old gradients, draw a fresh batch, forward, loss, backward, step.


# %%
def step():
    optimizer.zero_grad()
    x, y = batch(1000)
    loss = nn.BCELoss()(torch.sigmoid(linear(x)).squeeze(), y)
    loss.backward()
    optimizer.step()
    return loss.item()


show("loss at step 2", step(), 0.97074461)
show("loss at step 3", step(), 0.95054859)
for _ in range(77):
    last = step()
show("loss at step 80, where the book stops", last, 0.2098246, 2e-7)
show("w then", w, [[-0.117134, -0.660881]], 1e-6)
show("b then", b, [0.638850], 1e-6)

# %% [markdown]
# ## Break it
# Leave `zero_grad` out, and backward adds to the gradient of the step before. Here it is twice the same: what is it?

# %%
x, y = batch(1000)
grads = []
optimizer.zero_grad()
for _ in range(2):
    nn.BCELoss()(torch.sigmoid(linear(x)).squeeze(), y).backward()
    grads.append(w.grad.clone())
show("second gradient over first", grads[1] / grads[0], [[2, 2]], 1e-6)
