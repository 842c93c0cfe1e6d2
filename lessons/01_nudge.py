# %% [markdown]
# # 1. Nudge
#
# A derivative answers one question: if I nudge x a little, how much does f(x) move, per nudge? Here we ask that of plain
# numbers, find out how far the answer can be trusted, and meet a place where there is none.
#
# `show(what, value, expected)` prints a value, and fails unless it is the expected one: no number here goes unchecked. So
# the answer to each **Predict** stands in the code below it. Cover that, say what you expect, then look.

# %%
from lesson import show

import tinygrad_edu as torch


def f(x):
    return x * x * x - 2 * x


def slope(f, x, h):
    """How much f moves from x to x + h, per unit of h."""
    return (f(x + h) - f(x)) / h


# %% [markdown]
# ## A slope by nudging
# By the rules from school f'(x) = 3x² - 2, so f'(1.5) = 4.75. **Predict:** is the nudged slope above or below that?

# %%
show("slope with a nudge of 0.1", slope(f, 1.5, 0.1), 5.21)
show("too much by", slope(f, 1.5, 0.1) - 4.75, 0.46)

# %% [markdown]
# Multiply out (x + h)³ - x³ and divide by h: 3x² + **3xh + h²**. The bold part is what we measured: 0.45 + 0.01. It
# shrinks with h, so ten times less nudge is ten times less error. Nudge to both sides, and 3xh cancels; only h² is left:


# %%
def centred(f, x, h):
    """The slope from x - h to x + h."""
    return (f(x + h) - f(x - h)) / (2 * h)


show("error of the one-sided slope, h = 0.01", slope(f, 1.5, 0.01) - 4.75, 0.0451)
show("error of the centred slope, h = 0.1", centred(f, 1.5, 0.1) - 4.75, 0.01)
show("error of the centred slope, h = 0.01", centred(f, 1.5, 0.01) - 4.75, 0.0001)

# %% [markdown]
# ## Smaller, smaller, worse
# **Predict:** where does this end? If h = 0.000001 is good, must h = 0.000000000001 not be better?

# %%
show("error, h = 1e-4", centred(f, 1.5, 1e-4) - 4.75, 1e-8, 1e-10)
show("error, h = 1e-6", centred(f, 1.5, 1e-6) - 4.75, -4.5e-10, 1e-11)
show("error, h = 1e-8", centred(f, 1.5, 1e-8) - 4.75, -2.9e-8, 1e-9)
show("error, h = 1e-12", centred(f, 1.5, 1e-12) - 4.75, 0.00042, 1e-5)
show("error, h = 1e-15", centred(f, 1.5, 1e-15) - 4.75, 0.58, 1e-2)

# %% [markdown]
# A number here has 53 bits: near 1.5 the next one is 2.2e-16 away. So x + h is rounded to one of those, as is every step of
# f, and f(x + h) - f(x - h) is off by a few times 1e-16 however small it is itself. Dividing by 2 h makes that large: for
# h = 1e-12, 1e-16 / 1e-12 = 1e-4, and there are several of them.
#
# So there are two errors, **truncation**, h², and **rounding**, 1e-16 / h. One falls with h while the other rises: a V. Its
# foot is where they are equal, h ≈ ∛1e-16 ≈ 5e-6. What nudging can find has ten good digits at the very best.
#
# ## The engine does not nudge
# It knows the slope of each operation, and multiplies them (lesson 2). There is no h, so nothing is truncated, and nothing
# small is divided by something smaller. `x.grad` is where it leaves the slope.

# %%
x = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
f(x).backward()
show("f'(1.5) by backward", x.grad, 4.75, 0)

# %% [markdown]
# So backward is the better one, and yet we judge it by nudging: nudging knows nothing of the rules, hence shares no mistake
# with them. `gradcheck(f, x)` nudges every number in x, to both sides and by 1e-6, and holds the slopes against those of
# backward. It gives True, or else an error that shows both: "numerical" by nudging, "analytical" by backward.

# %%
point = torch.tensor([1.5], dtype=torch.float64, requires_grad=True)
assert torch.autograd.gradcheck(f, point)

# %% [markdown]
# ## A corner
# relu(x) is x to the right of 0, and 0 to the left. **Predict:** what is its slope at 0, from the right, from the left,
# by the centred nudge, and by backward?

# %%
relu = lambda x: max(x, 0.0)
show("from the right", slope(relu, 0.0, 1e-6), 1)
show("from the left", slope(relu, 0.0, -1e-6), 0)
show("centred", centred(relu, 0.0, 1e-6), 0.5)
zero = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
zero.relu().backward()
show("by backward", zero.grad, 0)

# %% [markdown]
# There is no slope at a corner. Backward must give some number, and any from 0 to 1 would do: 0 is PyTorch's choice, and so
# ours. Nobody is wrong here. `gradcheck` refuses, since the two numbers differ, but it says why: a KINK.

# %%
try:
    torch.autograd.gradcheck(torch.relu, torch.zeros(1, dtype=torch.float64, requires_grad=True))
except RuntimeError as error:
    print(error)

# %% [markdown]
# ## Break it
# A colleague's loss is f(x) + 1000. She nudges by 1e-12, and reports that backward is wrong: adding a constant must not change
# the slope, and 4.775 is not 4.75. **Predict:** who is right? What would you have her try?

# %%
loss = lambda x: 1000 + f(x)
show("her slope", centred(loss, 1.5, 1e-12), 4.775, 1e-3)
try:
    torch.autograd.gradcheck(loss, point, eps=1e-12)
except RuntimeError as error:
    print(error)
show("the same with h = 1e-6", centred(loss, 1.5, 1e-6), 4.75, 1e-6)
assert torch.autograd.gradcheck(loss, point)

# %% [markdown]
# A constant has no slope, but it has bits: near 1000 the next number is 1.1e-13 away, and 1.1e-13 / 2e-12 is 0.06. With
# her h no slope can be told closer than that. The referee was wrong, not the player.
#
# ## Exercise
# Write `fourth(f, x, h)`, a slope from f(x ± h) and f(x ± 2h) whose error falls as h⁴: take four thirds of the centred
# slope with h, and one third away of the centred slope with 2h. For our f it has no truncation error at all. Why?
#
# ## Three questions
# 1. Where would the foot of the V be in float32, with 24 bits?
# 2. A network has a million weights. How many times must you run it to nudge them all, and how many times for backward?
# 3. Why is a centred nudge at a corner more dangerous than a one-sided one?
#
# Answers: [ANSWERS.md](ANSWERS.md).
