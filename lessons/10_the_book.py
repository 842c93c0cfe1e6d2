# %% [markdown]
# # 10. The book, number by number
#
# A perceptron tells two clouds of points apart: Example 3.10 of Rao and McMahan's *Natural Language Processing with PyTorch*,
# with the learning rate of the authors' notebook. We take its first step by hand.

# %%
import warnings

import numpy as np
from lesson import show

import tinygrad_edu as torch  # the only line that differs from the book's
from tinygrad_edu import nn, optim

CENTRES = {0: (3, 3), 1: (3, -2)}


def batch(size):
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
# p = σ(x wᵀ + b), a linear layer and a sigmoid: how sure the model is that a point is of class 1. **Predict** p for the first
# point, (4.02, 1.29), from w = (-0.596, -0.006) and b = 0.174, PyTorch's own bits for this seed: above or below a half?

# %%
linear = nn.Linear(2, 1)
w, b = linear.weight, linear.bias
show("w", w, [[-0.59634966, -0.00619887]], 0.5e-8)
show("b", b, [0.17408705], 0.5e-8)
x, y = batch(1000)
show("the first point, of target 0", x[0], [4.0193124, 1.2923317])
z = linear(x)
show("z₀ = w · x₀ + b", z[0], [-2.2308397])
p = torch.sigmoid(z).squeeze()
show("p₀ = 1 / (1 + exp(-z₀))", p[0], 0.09701506)

# %% [markdown]
# ## The loss
# Binary cross entropy: -log p where the target is 1, -log(1 - p) where it is 0, averaged over the batch. A model that always
# says 0.5 has log 2 = 0.69. **Predict:** is ours, which was never trained, better or worse?

# %%
show("-log(1 - p₀)", -torch.log(1 - p[0]), 0.1020494)
show("the mean over 1000 points", loss := nn.BCELoss()(p, y), 0.98767126)

# %% [markdown]
# ## Backward, by hand
# Three factors, from the loss to z, with N = 1000:
#
#     ∂loss/∂p = (p - y) / (p (1 - p)) / N        ∂p/∂z = p (1 - p)        ∂loss/∂z = (p - y) / N
#
# The two p (1 - p) cancel: what reaches z is just how far off each prediction is. And z = x wᵀ + b, so each weight hears that
# times its own input, summed over the batch; the bias hears the plain sum.

# %%
with torch.no_grad():
    dz = (p - y) / len(y)
    dw = dz @ x  # Σ over the batch of dzᵢ xᵢ
    db = dz.sum()
show("∂loss/∂z₀ = p₀ / 1000", dz[0], 0.000097015, 5e-10)
show("∂loss/∂w by hand", dw, [-1.007136, 1.072825])
show("∂loss/∂b by hand", db, -0.312107)

# %% [markdown]
# Now the engine, which knows nothing of this:

# %%
loss.backward()
show("w.grad", w.grad, [[-1.007136, 1.072825]])
show("b.grad", b.grad, [-0.312107])

# %% [markdown]
# ## Adam's first step
# After one step m = 0.1 g and v = 0.001 g² (lesson 8). Divided by 0.1 and by 0.001 they are g and g², so that the step is
# lr · g / √g² = ± lr. **Predict:** which way does each weight go, and how far, for lr = 0.01?

# %%
optimizer = optim.Adam([w, b], lr=0.01)
optimizer.step()
show("m", optimizer.state[w]["exp_avg"], [[-0.1007136, 0.1072825]])
show("v", optimizer.state[w]["exp_avg_sq"], [[0.00101432, 0.00115095]], 5e-9)
show("w after the step", w, [[-0.58634967, -0.01619887]], 0.5e-8)


# %% [markdown]
# ## And on, step after step


# %%
def step():
    optimizer.zero_grad()
    x, y = batch(1000)
    loss = nn.BCELoss()(torch.sigmoid(linear(x)).squeeze(), y)
    loss.backward()
    optimizer.step()
    return loss.item()


show("loss at step 2", step(), 0.97074461)
last = [step() for _ in range(78)][-1]
show("loss at step 80, where the book stops", last, 0.2098246, 2e-7)
show("w then", w, [[-0.117134, -0.660881]], 1e-6)
show("b then", b, [0.638850], 1e-6)

# %% [markdown]
# ## Break it, six ways
# `doctor(model, optimizer)` watches a loop and says what ails it. (BCELoss would refuse what `mse_loss` only warns of.) **Predict**
# what it says of each of the six; of one it says nothing.


# %%
def broken(zero_grad=True, again=False, squeeze=True, sigmoids=1, lr=0.01, size=100):
    linear = nn.Linear(2, 1)
    optimizer = optim.Adam(linear.parameters(), lr=lr)
    with warnings.catch_warnings(action="ignore"), torch.doctor(linear, optimizer) as doctor:
        for n in (100, size):
            x, y = batch(n)
            optimizer.zero_grad() if zero_grad else None
            p = torch.sigmoid(linear(x))
            p = torch.sigmoid(p) if sigmoids == 2 else p
            nn.functional.mse_loss(p.squeeze() if squeeze else p, y).backward()
            optimizer.step()
            optimizer.step() if again else None
    print(doctor)
    return [found.name for found in doctor.diagnoses]


assert broken(zero_grad=False) == ["forgotten zero_grad"]
assert broken(squeeze=False) == ["(N) against (N, 1)"]
assert broken(sigmoids=2) == ["sigmoid twice"]
assert broken(again=True) == ["step before backward"]
assert broken(lr=1.0) == []  # too long, but in two steps no loss has risen yet
assert broken(size=1) == ["squeeze lost the batch"]

# %% [markdown]
# **Exercise.** Go on from step 80 with lr = 0.001 for 100 steps. Does the loss get better, and which way does w go?
#
# **Three questions.** 1. What is Adam's very first step along b? 2. BCELoss refuses what mse_loss warns of: which of the six
# would it stop? 3. Where in the plane is p = 0.5, for the last w and b? Answers: [ANSWERS.md](ANSWERS.md).
