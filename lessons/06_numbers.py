# %% [markdown]
# # 6. Numbers
#
# A float32 has 24 bits and ends at 3.4e38. Four things go wrong with that, a section each: small numbers are lost beside
# large ones, exponentials overflow, logarithms meet 0, and 0 meets infinity on the way back. A fifth is about telling such
# bugs from plain rounding.

# %%
from lesson import show

import tinygrad_edu as torch
from tinygrad_edu.nn import functional as F
from tinygrad_edu.testing import assert_close

# %% [markdown]
# ## 24 bits
# Near 1 the next float32 is 1.19e-7 away, and a result is rounded to the nearest there is. **Predict:** what is
# 1 + 5e-8 - 1? And 16777216 + 1 - 16777216? (16777216 is 2²⁴.)

# %%
show("1 + 5e-8 - 1", torch.tensor(1.0) + 5e-8 - 1, 0, 0)
show("16777216 + 1 - 16777216", torch.tensor(16777216.0) + 1 - 16777216, 0, 0)

# %% [markdown]
# ## Overflow
# exp(88) is 1.65e38, and exp(89) is too large for a float32: infinite. **Predict:** softmax of the scores 100 and 99, by its
# formula, exp zᵢ / Σ exp zⱼ.

# %%
scores = torch.tensor([100.0, 99.0])


def naive(z):
    return z.exp() / z.exp().sum()


show("exp(88) / 1e38", torch.tensor(88.0).exp() / 1e38, 1.6516363)
assert torch.tensor(89.0).exp().isinf()
assert naive(scores).isnan().all()
print("softmax by its formula:", naive(scores))

# %% [markdown]
# inf / inf is NaN. But softmax does not change if a number is taken from all scores. Take their maximum, and the largest
# exponent is 0:

# %%
show("softmax(z - max z)", naive(scores - scores.max()), [0.7310586, 0.2689414])
show("which is what softmax does", scores.softmax(0), [0.7310586, 0.2689414])

# %% [markdown]
# The logarithm of a sum of exponentials has the same cure: log Σ exp zᵢ = m + log Σ exp(zᵢ - m).
#
# ## Logarithms of nothing
# Binary cross entropy of p = σ(z) = 1 / (1 + exp(-z)) is -log p if the target is 1, and -log(1 - p) if it is 0. A sigmoid that
# is sure gives p = 1 exactly, for z of 17 and more, and log(1 - 1) is -∞. So that a loss stays a number, PyTorch's BCELoss, and
# ours, takes no logarithm for less than -100. **Predict:** what does it say for z = 30 and target 0, and what is right?

# %%
z = torch.tensor([30.0], requires_grad=True)
target = torch.zeros(1)
show("1 - sigmoid(30), in float32", 1 - z.sigmoid(), [0], 0)
show("BCELoss: WRONG", F.binary_cross_entropy(z.sigmoid(), target), 100, 0)
show("with logits: log(1 + exp z)", F.binary_cross_entropy_with_logits(z, target), 30, 0)

# %% [markdown]
# And backwards? The slope of log(1 + exp z) is p, here 1: push z down. **Predict** what each of the two losses gives z.

# %%
p = z.sigmoid()
p.retain_grad()
F.binary_cross_entropy(p, target).backward()
show("slope of BCELoss in p, as 1 / 1e-12", p.grad, [1e12], 1e6)
show("times p (1 - p): WRONG", z.grad, [0], 0)
z.grad = None
F.binary_cross_entropy_with_logits(z, target).backward()
show("gradient with logits", z.grad, [1], 1e-6)

# %% [markdown]
# 1 / (1 - p) would be infinite: PyTorch divides by no less than 1e-12 there. Whatever it is, the sigmoid's slope p (1 - p) is 0
# where p is 1, and 0 is what is left. Surest where it is wrong, and deaf. Losses that take z itself (the **logit**) are not.
#
# ## Zero times infinity
# √x has the slope 1 / (2√x), infinite at 0. So people guard it with `where(condition, a, b)`, a where it holds, else b.
# **Predict** the gradient at x = 0:

# %%
x = torch.tensor([0.0, 4.0], requires_grad=True)
torch.where(x > 0, x.sqrt(), x).sum().backward()
print("guarded outside:", x.grad)
assert x.grad[0].isnan()

# %% [markdown]
# `where` sends the gradient 0 into the branch that was not taken, and 0 · ∞ is NaN. Guard the **input** of the root, so that
# none is taken of 0:

# %%
x.grad = None
safe = torch.where(x > 0, x, 1.0)
torch.where(x > 0, safe.sqrt(), x).sum().backward()
show("guarded inside", x.grad, [1, 0.25])

# %% [markdown]
# ## Break it
# This loss trained for days; then it was NaN. **Predict:** which of its operations made the first one? And which
# number on the way was the first to be no number any more? `detect_anomaly()` knows; read its certificate to the end.

# %%
scores = torch.tensor([100.0, 0.0], requires_grad=True)
with torch.autograd.detect_anomaly():
    loss = -(scores.exp() / scores.exp().sum()).log()[0]
    try:
        loss.backward()
    except RuntimeError as error:
        print(error)
show("and cured", -scores.log_softmax(0)[0], 0, 0)

# %% [markdown]
# The logarithm is accused first, as it was first on the way back; the division bore the NaN, of two infinities; and those were
# born in exp, of a score of 100. `log_softmax` takes the maximum away first.

# %% [markdown]
# ## Rounding, or a bug?
# Sums in another order differ in their last bits. A fixed tolerance must guess how much is too much. `assert_close(step=...)`
# calls step() again and again, each time with other roundings, and sees how far they spread: ± σ. Then **κ** = |Δ| / σ is the
# difference in that unit: below 64 it is rounding. (An **ULP** is one step from a float32 to the next.)

# %%
numbers = torch.randn(1000, generator=torch.Generator().manual_seed(0))
total, backwards = numbers.sum(), numbers.flip(0).cumsum(0)[-1]
assert_close(backwards, total, step=lambda: numbers.sum())  # two orders: rounding
try:
    assert_close(total * 1.0001, total, step=lambda: numbers.sum())
except AssertionError as error:
    print(error)

# %% [markdown]
# **Exercise.** Write log(1 + exp z) so that it is right in float32, to six digits, for z = -100 (3.78e-44), 0 (0.693147) and 100
# (100). (Hint: log(1 + exp z) = max(z, 0) + log(1 + exp(-|z|)), and `log1p` takes log(1 + x) of a small x.)
#
# **Three questions.** 1. Which of the four is log(exp(z)) for z = 100? 2. Why may BCELoss stop at 100, far from any loss that
# float32 can tell? 3. `where(x > 0, log(x), 0)` at x = -1: what is its gradient, and why is it not that of x = 0?
#
# Answers: [ANSWERS.md](ANSWERS.md).
