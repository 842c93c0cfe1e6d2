# %% [markdown]
# # 7. Backprop ninja
#
# Backward through ten small operations is right, and long. With pencil and paper the ten often shrink to one line. We derive
# three such lines, and hold each against the engine, which multiplies all ten. `autograd.grad(L, z)` gives ∂L/∂z without
# touching `z.grad`; `autograd.grad(y, x, g)` gives g times the Jacobian of y.

# %%
from lesson import show

import tinygrad_edu as torch
from tinygrad_edu.nn import functional as F
from tinygrad_edu.testing import assert_close

torch.manual_seed(42)


def compare(what, mine, engines, step):
    """One line of the table: equal in every bit, or apart by no more than rounding (lesson 6); anything else is an error."""
    exact = bool((mine == engines).all())
    assert_close(mine, engines, step=step)
    print(f"{what:>30}: {'exact' if exact else 'rounding'}, at most {(mine - engines).abs().max().item():.1e} apart")


# %% [markdown]
# ## Sigmoid and binary cross entropy
# L = -mean(y log p + (1 - y) log(1 - p)) with p = σ(z). Three factors: ∂L/∂p = (p - y) / (p (1 - p)) / N, and
# ∂p/∂z = p (1 - p). **Predict** the product, before you scroll.

# %%
z = torch.randn(8, requires_grad=True)
y = (torch.rand(8) > 0.5).float()


def gradient_of_z():
    return torch.autograd.grad(F.binary_cross_entropy(z.sigmoid(), y), z)[0]


with torch.no_grad():
    dz = (z.sigmoid() - y) / len(y)
compare("∂L/∂z = (p - y) / N", dz, gradient_of_z(), gradient_of_z)

# %% [markdown]
# How far off each prediction is, shared by the batch. On paper p (1 - p) cancels; an engine that multiplies the factors must
# have it first. **Predict** both for a prediction that is sure and wrong: z = 20, y = 0, N = 1.

# %%
sure = torch.tensor([20.0], requires_grad=True)
F.binary_cross_entropy(sure.sigmoid(), torch.zeros(1)).backward()
show("∂L/∂z by its factors: WRONG", sure.grad, [0], 0)
show("∂L/∂z = p - y", sure.detach().sigmoid(), [1], 1e-6)

# %% [markdown]
# p is 1 in float32, p (1 - p) is 0, and nothing is learned. The one line is not only shorter; that is why losses take logits.
#
# ## Softmax and cross entropy
# L = -mean log pₜ with p = softmax(z), t the right class. log pₜ = zₜ - log Σ exp zⱼ, so ∂L/∂zⱼ is the slope of the
# logarithm, exp zⱼ / Σ = pⱼ, less 1 where j is the right class, all by 1/N. **Predict:** what do the entries of a row of
# ∂L/∂z add up to?

# %%
scores = torch.randn(4, 3, requires_grad=True)
classes = torch.tensor([0, 2, 1, 1])


def gradient_of_scores():
    return torch.autograd.grad(F.cross_entropy(scores, classes), scores)[0]


with torch.no_grad():
    dscores = (scores.softmax(1) - F.one_hot(classes, 3)) / len(classes)
compare("∂L/∂z = (p - onehot) / N", dscores, gradient_of_scores(), gradient_of_scores)
show("the sum of each row", dscores.sum(1), [0, 0, 0, 0], 1e-7)

# %% [markdown]
# To push one score up is to push the others down: probabilities have a fixed sum.
#
# ## Batch normalisation
# x̂ = (x - mean) / std, over a batch of N, and what comes from above is g. Every xᵢ moves the x̂ on three paths:
#
# | path | xᵢ moves | which moves | so it hears |
# |---|---|---|---|
# | directly | | its own x̂ᵢ by 1/std | gᵢ / std |
# | through the mean | the mean by 1/N | every x̂ⱼ by -1/std | -mean(g) / std |
# | through the std | the std by x̂ᵢ/N | every x̂ⱼ by -x̂ⱼ/std | -x̂ᵢ mean(g x̂) / std |
#
# Their sum is the line. **Predict:** what becomes of a g that is the same for all of the batch?

# %%
x = torch.randn(16, 3, requires_grad=True)
g = torch.randn(16, 3)


def gradient_of_x():
    """Through each single operation."""
    centred = x - x.mean(0)
    std = (centred.square().mean(0) + 1e-5).sqrt()
    return torch.autograd.grad(centred / std, x, g)[0]


with torch.no_grad():
    std = (x.var(0, correction=0) + 1e-5).sqrt()
    hat = (x - x.mean(0)) / std
    dx = (g - g.mean(0) - hat * (g * hat).mean(0)) / std
compare("batch norm, in one line", dx, gradient_of_x(), gradient_of_x)
fused = torch.autograd.grad(F.batch_norm(x, None, None, training=True), x, g)[0]
compare("and the engine's own", fused, gradient_of_x(), gradient_of_x)
g = torch.ones(16, 3)
show("of an equal push, at most", gradient_of_x().abs().max(), 0, 1e-6)

# %% [markdown]
# An equal push moves the mean, and batch norm takes the mean away: nothing is left.
#
# ## Break it
# A colleague wrote the softmax line by heart, and is content: it trains. **Predict:** is it the gradient?


# %%
@torch.no_grad()
def colleagues(scores):
    return (scores.softmax(0) - F.one_hot(classes, 3)) / len(classes)


trained = scores.detach().clone()
for _ in range(100):
    trained -= colleagues(trained)
show("classified rightly, of 4", (trained.argmax(1) == classes).sum(), 4, 0)
try:
    compare("is it the gradient?", colleagues(scores), gradient_of_scores(), gradient_of_scores)
except AssertionError as error:
    print(error)
show("the sum of each row", colleagues(scores).sum(1), [-0.1365752, 0.0783113, -0.1017233, -0.0900128])

# %% [markdown]
# Its rows do not add up to 0: `softmax(0)` runs down the batch, and the classes are along axis 1. To go roughly down is enough
# to train, so that a loss falls proves no gradient. A second opinion does.
#
# **Exercise.** tanh and the squared error: L = mean (tanh z - y)². Write ∂L/∂z in one line, and `compare` it.
#
# **Three questions.** 1. Why do the two gradients of "rounding" differ at all, if the mathematics is the same? 2. Somebody's
# batch norm lacks the path through the mean. For which g does nobody notice? 3. In evaluation, mean and std are constants.
# What is ∂L/∂x then?
#
# Answers: [ANSWERS.md](ANSWERS.md).
