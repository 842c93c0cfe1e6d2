# %% [markdown]
# # 5. Memory
#
# A rule needs numbers from the forward pass: to go back through exp you need exp(x). So each operation keeps what its rule
# will ask for, and nothing more. What is kept must still be what it was, when backward comes to use it.

# %%
from lesson import show

import tinygrad_edu as torch

# %% [markdown]
# ## What is kept
# The rules that follow say what each needs. g is what comes from above, out is the op's own result, x and y are its inputs.
# **Predict:** what do exp, the product x · x, and + keep?

# %%
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
for y in (x.exp(), x * x, x + 1):
    op = y.grad_fn.op
    print(f"{op.name}: {op.formulas}, keeps {', '.join(op.slots) or 'nothing'}")
y = x.exp()
assert y.grad_fn.saved[0] is y.array  # `grad_fn` is y's place in the graph; kept is the result itself, not a copy

# %% [markdown]
# exp keeps its **result**, since that is its own slope; a product keeps its **factors**, as each is the other's slope; a sum
# keeps **nothing**. That is why training takes more memory than predicting, and why `no_grad()` is cheap: no graph, nothing
# kept.

# %%
with torch.no_grad():
    quiet = x.exp()
assert quiet.grad_fn is None

# %% [markdown]
# ## Freed as we go
# Backward frees what was kept as it passes by. **Predict:** what does a second backward through the same graph say?

# %%
loss = (x * x).sum()
loss.backward()
show("x.grad", x.grad, [2, 4, 6], 0)
try:
    loss.backward()
except RuntimeError as error:
    print(error)

# %% [markdown]
# The error quotes the rule, g * x, whose x is gone. (The graph of an op that keeps nothing, as a sum, can be walked again.)
# With `retain_graph=True` the first one frees nothing. You rarely want it: mostly the loss should be computed anew.
#
# ## Views share memory
# A slice is no copy. **Predict** x after the write to a part of it.

# %%
whole = torch.tensor([1.0, 2.0, 3.0])
part = whole[1:]
part.zero_()
show("whole", whole, [1, 0, 0], 0)
show("its version, counted by writes", whole._version, 1, 0)

# %% [markdown]
# The graph knows that as well: if `part` is written to, the gradient of `whole` changes too.

# %%
leaf = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
whole = leaf * 1
whole[1:].mul_(10)
whole.sum().backward()
show("gradient through a write to a part", leaf.grad, [1, 10, 10], 0)

# %% [markdown]
# ## Overwritten
# y = exp(x) is its own slope. Overwrite y, and the slope is gone. Each memory counts its writes, and a node knows the count at
# which it kept something, so backward notices:

# %%
y = x.exp()
y.mul_(2)
try:
    y.sum().backward()
except RuntimeError as error:
    print(error)

# %% [markdown]
# **Predict:** does the same write to y = x + 1 do harm?

# %%
x.grad = None
y = x + 1
y.mul_(2)
y.sum().backward()
show("x.grad: nobody needed y", x.grad, [2, 2, 2], 0)

# %% [markdown]
# ## Cut
# `detach()` gives the same numbers, in the same memory, with no history: a constant. And only leaves, which nobody computed,
# keep their gradient; `retain_grad()` has another keep it too. **Predict** both gradients of y · constant, for y = x².

# %%
x.grad = None
y = x * x
y.retain_grad()
(y * y.detach()).sum().backward()
show("∂/∂y of y · constant", y.grad, [1, 4, 9], 0)
show("∂/∂x, half of the 4x³ of x⁴", x.grad, [2, 16, 54], 0)

# %% [markdown]
# ## Break it
# A colleague clips an activation in place, and backward does not complain. The slope of a clipped entry is 0. **Predict** the
# three gradients for x = 1, 2, 3, where exp(3) = 20.09 is clipped to 10.


# %%
def clipped(x):
    y = x.exp()
    y.data.clamp_(max=10)
    return y.sum()


x.grad = None
clipped(x).backward()
show("x.grad, the third of it WRONG", x.grad, [2.7182817, 7.389056, 10])
try:
    torch.autograd.gradcheck(clipped, x.detach().double().requires_grad_())
except RuntimeError as error:
    print(error)

# %% [markdown]
# The third is neither 0, the slope of what was clipped, nor 20.09, that of what was not: g * out read what lay in the memory
# when backward came for it. `.data` is the same memory as `detach()`'s, but its writes are not counted: had he written
# `y.detach().clamp_(max=10)`, backward would have refused. Finite differences know nothing of memory, and find it. Write
# `y = y.clamp(max=10)`.
#
# **Exercise.** A running sum of losses, `total = total + loss`, makes memory grow with each step of training. Show it: count
# the nodes of `total` after 100 steps with `len(tinygrad_edu.graph.reachable([total.grad_fn]))` (import it by that name), and
# cure it with one call.
#
# **Three questions.** 1. relu's rule keeps g where out > 0. May its result be overwritten? May what it was applied to?
# 2. What follows from `detach()` sharing memory with its source, for writes to it? 3. Why does `x.sum()` keep no numbers?
#
# Answers: [ANSWERS.md](ANSWERS.md).
