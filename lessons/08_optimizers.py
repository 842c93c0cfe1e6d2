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
# f(w) = w₀² / 2 + 10 w₁²: flat along w₀, twenty times as steep along w₁. The gradient is (w₀, 20 w₁).


# %%
def f(w):
    return w[0] ** 2 / 2 + 10 * w[1] ** 2


def walk(make, steps):
    """Where an optimizer gets from (1, 1)."""
    w = torch.tensor([1.0, 1.0], dtype=torch.float64, requires_grad=True)
    optimizer = make([w])
    for _ in range(steps):
        optimizer.zero_grad()
        f(w).backward()
        optimizer.step()
    return w.detach()


# %% [markdown]
# ## SGD
# w ← w - lr · g. Each step multiplies w₀ by 1 - lr and w₁ by 1 - 20 lr. **Predict:** what happens to w₁ for lr = 0.05, for
# lr = 0.1, and for lr = 0.11?

# %%
show("lr = 0.05, after 10 steps", walk(lambda p: optim.SGD(p, lr=0.05), 10), [0.5987369, 0])
show("lr = 0.1, after 10 steps", walk(lambda p: optim.SGD(p, lr=0.1), 10), [0.3486784, 1])
show("lr = 0.11, after 10 steps", walk(lambda p: optim.SGD(p, lr=0.11), 10), [0.3118172, 6.1917364])

# %% [markdown]
# The steepest direction sets the limit, 2 / 20 here, and the flat one has to live with it. That is the whole trouble.
#
# ## Momentum
# u ← μ u + g, then w ← w - lr · u: a sum of all gradients, the older the less. Along the flat direction they agree and add
# up, to 1 / (1 - μ) times one of them. **Predict:** by hand and by the engine, to the last bit?

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
# ## Adam
# m and v are running means of g and of g². Both start at 0, so after t steps they hold only 1 - βᵗ of what they should:
# divide by that. Then w ← w - lr · m̂ / (√v̂ + eps). **Predict** the first step, along both directions.


# %%
def adam(steps, lr=0.1, betas=(0.9, 0.999), eps=1e-8, first=1):
    w = torch.tensor([1.0, 1.0], dtype=torch.float64)
    m = v = torch.zeros(2, dtype=torch.float64)
    for t in range(first, first + steps):
        g = torch.tensor([1.0, 20.0], dtype=torch.float64) * w
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g * g
        w = w - lr * (m / (1 - betas[0] ** t)) / ((v / (1 - betas[1] ** t)).sqrt() + eps)
    return w


show("after one step", adam(1), [0.9, 0.9], 1e-8)
show("after ten", adam(10), [0.0762492, 0.0762492])
engines = walk(lambda p: optim.Adam(p, lr=0.1), 10)
show("apart from the engine's, at most", (adam(10) - engines).abs().max(), 0, 1e-14)

# %% [markdown]
# The first step is lr in every direction, whatever the gradient: m̂ / √v̂ = g / |g|. Flat or steep, w₀ and w₁ go together:
# Adam does not see the scale of a gradient, only how steadily it points one way.
#
# ## What an optimizer keeps
# To stop and go on, save what it remembers as well as the weights: here m, v and the count t.

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
# Two Adams off by a hair, as they are found in the wild. In the first the count starts at 0, so that 1 - β⁰ = 0; someone
# "fixed" the division by starting at 2. In the second, eps stands inside the root. **Predict** their first steps.

# %%
show("count from 2: the first step", 1 - adam(1, first=2), [0.0744137, 0.0744137])
g = torch.tensor([1e-5, 1.0], dtype=torch.float64)
show("eps outside the root, g = 1e-5 and 1", 0.1 * g / (g.square().sqrt() + 1e-8), [0.0999001, 0.1])
show("eps inside it", 0.1 * g / (g.square() + 1e-8).sqrt(), [0.0099504, 0.1])

# %% [markdown]
# Where gradients are small, eps inside the root brakes ten times too hard; where they are large nobody sees it. Only
# step-by-step comparison does: `python -m parity diff` names both, *off-by-one step* and *eps inside the root*.
#
# **Exercise.** AdamW takes weight decay out of the gradient: w ← w - lr · λ · w beside Adam's step. Add it to `adam`, and
# compare ten steps with `optim.AdamW(lr=0.1, weight_decay=0.1)`.
#
# **Three questions.** 1. Why does a learning rate of 0.1 for SGD make w₁ jump between 1 and -1 for ever? 2. What does Adam do
# in its 100th step if all gradients were equal? 3. You resume a training with fresh m and v. What does the first step do?
#
# Answers: [ANSWERS.md](ANSWERS.md).
