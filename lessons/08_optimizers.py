# %% [markdown]
# # 8. Optimizers by hand
#
# Backward says which way is up. An optimizer decides how far to go down, from this gradient and those before it. Three of
# them are a line or two each; we write them, and walk beside the engine's.

# %%
from lesson import show

import tinygrad_edu as torch
from tinygrad_edu import optim

# %% [markdown]
# ## A valley
# f(w) = w₀² / 2 + 10 w₁²: flat along w₀, twenty times as steep along w₁. The gradient is g = (w₀, 20 w₁), and the lowest
# point is w = (0, 0). `walk` starts at (1, 1) and gives where an optimizer of the engine gets in so many steps.


# %%
def f(w):
    return w[0] ** 2 / 2 + 10 * w[1] ** 2


def walk(make, steps):
    w = torch.tensor([1.0, 1.0], dtype=torch.float64, requires_grad=True)
    optimizer = make([w])
    for _ in range(steps):
        optimizer.zero_grad()
        f(w).backward()
        optimizer.step()
    return w.detach()


# %% [markdown]
# ## SGD
# w ← w - lr · g, with a learning rate lr. Each step multiplies w₀ by 1 - lr and w₁ by 1 - 20 lr. **Predict:** what happens to
# w₁ for lr = 0.05, for lr = 0.1, and for lr = 0.11?

# %%
show("lr = 0.05, after 10 steps", walk(lambda p: optim.SGD(p, lr=0.05), 10), [0.5987369, 0])
show("lr = 0.1, after 10 steps", walk(lambda p: optim.SGD(p, lr=0.1), 10), [0.3486784, 1])
show("lr = 0.11, after 10 steps", walk(lambda p: optim.SGD(p, lr=0.11), 10), [0.3118172, 6.1917364])

# %% [markdown]
# For lr = 0.05 the factor 1 - 20 lr is 0: w₁ is at the bottom in one step. Beyond lr = 2 / 20 it is below -1, and w₁ jumps from
# side to side, further each time. The steepest direction sets that limit, and the flat one has to live with it: that is the
# whole trouble.
#
# ## Momentum
# u ← μ u + g, then w ← w - lr · u, with μ = 0.9, say: u is a sum of all gradients, the older the less. Were they all equal, they
# would add up to 1 + μ + μ² + ... = 1 / (1 - μ) = 10 of them in the long run. SGD with lr = 0.05 leaves w₀ at 0.599 after ten
# steps. **Predict:** where is it with momentum: nearer to 0, or beyond? And w₁, which SGD had at 0 after one?

# %%
w, u = torch.tensor([1.0, 1.0], dtype=torch.float64), 0.0
for _ in range(10):
    g = torch.tensor([1.0, 20.0], dtype=torch.float64) * w
    u = 0.9 * u + g
    w = w - 0.05 * u
engines = walk(lambda p: optim.SGD(p, lr=0.05, momentum=0.9), 10)
show("momentum 0.9, by hand", w, [-0.3109229, 0.1753165])
show("apart from the engine's, at most", (w - engines).abs().max(), 0, 1e-15)

# %% [markdown]
# Beyond, both of them: what has gathered way is not stopped at once.
#
# ## Adam
# m ← 0.9 m + 0.1 g and v ← 0.999 v + 0.001 g² are running means of g and of g². Both start at 0, so after t steps they hold
# only 1 - 0.9ᵗ, and 1 - 0.999ᵗ, of what they should: divide by that, and call it m̂ and v̂. Then w ← w - lr · m̂ / (√v̂ + eps),
# where eps = 1e-8 is there lest we divide by 0. **Predict** the first step for lr = 0.1, along both directions.


# %%
def adam(steps, depth=1.0, lr=0.1, eps=1e-8):
    """Where Adam gets from (1, 1), down a valley so many times as deep."""
    w = torch.tensor([1.0, 1.0], dtype=torch.float64)
    m = v = torch.zeros(2, dtype=torch.float64)
    for t in range(1, steps + 1):
        g = torch.tensor([1.0, 20.0], dtype=torch.float64) * w * depth
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        w = w - lr * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + eps)
    return w


show("after one step", adam(1), [0.9, 0.9], 1e-8)
show("after ten", adam(10), [0.0762492, 0.0762492])
engines = walk(lambda p: optim.Adam(p, lr=0.1), 10)
show("apart from the engine's, at most", (adam(10) - engines).abs().max(), 0, 1e-14)

# %% [markdown]
# In the first step m̂ = g and v̂ = g², so it is lr · g / |g|: lr in every direction, whatever the gradient. w₀ and w₁ go on together,
# for each gradient is a multiple of its w, and a factor cancels in m̂ / √v̂: Adam does not see how steep it is, only how steadily.
#
# ## What an optimizer keeps
# To stop and go on, save what it remembers as well as the weights: here m (`exp_avg`), v (`exp_avg_sq`) and the count t (`step`).

# %%
w = torch.tensor([1.0, 1.0], dtype=torch.float64, requires_grad=True)
optimizer = optim.Adam([w], lr=0.1)
f(w).backward()
optimizer.step()
state = optimizer.state_dict()["state"][0]
print(sorted(state))
show("m after one step: a tenth of g", state["exp_avg"], [0.1, 2])
show("v after one step: a thousandth of g²", state["exp_avg_sq"], [0.001, 0.4])

# %% [markdown]
# ## Break it
# A colleague's Adam. It goes down the valley as ours does, to eight digits. **Predict:** are they the same? If not, which valley
# would tell?


# %%
def colleagues(steps, depth=1.0, lr=0.1, eps=1e-8):
    w = torch.tensor([1.0, 1.0], dtype=torch.float64)
    m = v = torch.zeros(2, dtype=torch.float64)
    for t in range(1, steps + 1):
        g = torch.tensor([1.0, 20.0], dtype=torch.float64) * w * depth
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        w = w - lr * (m / (1 - 0.9**t)) / (v / (1 - 0.999**t) + eps).sqrt()
    return w


show("apart after ten steps, at most", (colleagues(10) - adam(10)).abs().max(), 0, 1e-8)
show("ours, in a valley of 1/100000", adam(10, depth=1e-5), [0.0773, 0.0763], 5e-5)
show("the colleague's there", colleagues(10, depth=1e-5), [0.903, 0.199], 5e-5)

# %% [markdown]
# His eps stands inside the root, where 1e-8 is as much as √1e-8 = 1e-4 outside. Gradients far above that hide it; along w₀ they
# are 1e-5 here, √(1e-10 + 1e-8) is ten times that, and his steps are a tenth of ours. (`python -m parity diff SCRIPT`, of
# lesson 9, calls it *eps inside the root*.)
#
# **Exercise.** Weight decay pulls w towards 0. AdamW first shrinks the old w, w ← w - lr · λ · w, then takes Adam's step, with the
# gradient that was there before. Add it to `adam`, and compare ten steps with `optim.AdamW(lr=0.1, weight_decay=0.1)`; λ is
# `weight_decay`.
#
# **Three questions.** 1. Why does a learning rate of 0.1 for SGD make w₁ jump between 1 and -1 for ever? 2. What does Adam do
# in its 100th step if all gradients were equal? 3. You resume a training with fresh m, v and t. What does the first step do?
#
# Answers: [ANSWERS.md](ANSWERS.md).
