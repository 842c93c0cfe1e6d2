# %% [markdown]
# # 6. Numbers
#
# A float32 has 24 bits and ends at 3.4e38. Most bugs of a training that "suddenly is NaN" are one of four: something
# overflowed, two large numbers cancelled, a logarithm met 0, or 0 was multiplied by infinity on the way back.

# %%
from lesson import show

import tinygrad_edu as torch
from tinygrad_edu.nn import functional as F
from tinygrad_edu.testing import assert_close

# %% [markdown]
# ## 24 bits
# Near 1 the next float32 is 1.19e-7 away. **Predict:** what is 1 + 5e-8? And 16777216 + 1?

# %%
show("1 + 5e-8 - 1", torch.tensor(1.0) + 5e-8 - 1, 0, 0)
show("16777216 + 1 - 16777216", torch.tensor(16777216.0) + 1 - 16777216, 0, 0)

# %% [markdown]
# ## Overflow
# exp(89) is too large for a float32. **Predict:** softmax of the scores 100 and 99, by its formula.

# %%
scores = torch.tensor([100.0, 99.0])


def naive(z):
    return z.exp() / z.exp().sum()


show("exp(88)", torch.tensor(88.0).exp() / 1e38, 1.6516363)
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
# Binary cross entropy takes log p. A sigmoid that is sure gives p = 1 exactly, for z above 17 or so, and with target 0 the
# loss takes log(1 - 1). **Predict:** what does BCELoss say, for a z of 30, and what is right?

# %%
z = torch.tensor([30.0], requires_grad=True)
target = torch.zeros(1)
show("1 - sigmoid(30), in float32", 1 - z.sigmoid(), [0], 0)
show("BCELoss, which stops at 100", F.binary_cross_entropy(z.sigmoid(), target), 100, 0)
show("with logits: log(1 + exp z)", F.binary_cross_entropy_with_logits(z, target), 30, 0)

# %% [markdown]
# And backwards? The slope of the loss is p - y = 1: push z down, hard. **Predict** what each of the two losses pushes.

# %%
F.binary_cross_entropy(z.sigmoid(), target).backward()
show("gradient through the sigmoid", z.grad, [0], 0)
z.grad = None
F.binary_cross_entropy_with_logits(z, target).backward()
show("gradient with logits", z.grad, [1], 1e-6)

# %% [markdown]
# The sigmoid's slope p (1 - p) is 0 where p is 1: surest where it is wrong, and deaf. Losses that take the logits are not.
#
# ## Zero times infinity
# √x has the slope 1 / (2√x), infinite at 0. So people guard it with `where`. **Predict** the gradient at 0:

# %%
x = torch.tensor([0.0, 4.0], requires_grad=True)
torch.where(x > 0, x.sqrt(), x).sum().backward()
print("guarded outside:", x.grad)
assert x.grad[0].isnan()

# %% [markdown]
# `where` sends the gradient 0 into the branch that was not taken, and 0 · ∞ is NaN. Guard the **input**:

# %%
x.grad = None
safe = torch.where(x > 0, x, 1.0)
torch.where(x > 0, safe.sqrt(), x).sum().backward()
show("guarded inside", x.grad, [1, 0.25])

# %% [markdown]
# ## Break it
# Somebody's loss has its own log-softmax, without the maximum. It trains for days; then one score is 100. Anomaly mode says
# where the first NaN comes from, on the way back:

# %%
scores = torch.tensor([100.0, 0.0], requires_grad=True)
with torch.autograd.detect_anomaly():
    loss = -(scores.exp() / scores.exp().sum()).log()[0]
    try:
        loss.backward()
    except RuntimeError as error:
        print(error)
show("log_softmax keeps the maximum out", -scores.log_softmax(0)[0], 0, 0)

# %% [markdown]
# ## Rounding, or a bug?
# Sums in another order differ in their last bits. A fixed tolerance must guess how much is too much; `assert_close(step=)`
# computes again with other roundings, and asks how far that goes.

# %%
numbers = torch.randn(1000, generator=torch.Generator().manual_seed(0))
total, backwards = numbers.sum(), numbers.flip(0).cumsum(0)[-1]
assert_close(backwards, total, step=lambda: numbers.sum())  # two orders: rounding
try:
    assert_close(total * 1.0001, total, step=lambda: numbers.sum())
except AssertionError as error:
    print(error)

# %% [markdown]
# **Exercise.** Write log(1 + exp z) so that it is right in float32 for z = -100, 0 and 100. (Hint: take max(z, 0) out.)
#
# **Three questions.** 1. Which of the four bugs is log(exp(z)) for z = 100? 2. Why does BCELoss stop at 100, of all things?
# 3. `where(x > 0, log(x), 0)` at x = -1: what is its gradient, and why is it not that of x = 0?
#
# Answers: [ANSWERS.md](ANSWERS.md).
