# %% [markdown]
# # 2. Gates
#
# A formula is a chain of small operations, and each of them knows its own slope. Backward needs no more: at every
# operation, multiply what comes from above by the slope at hand. We do so by hand, once, with pencil numbers.

# %%
from lesson import show

import tinygrad_edu as torch
from tinygrad_edu import explain

# %% [markdown]
# ## Forward
# Four operations: p = a b, then s = p + c, then r = relu(s), which is s if that is positive, else 0, then y = 3 r.

# %%
a = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(-3.0, requires_grad=True)
c = torch.tensor(10.0, requires_grad=True)
p = a * b
s = p + c
r = s.relu()
y = 3 * r
show("p = a b", p, -6, 0)
show("s = p + c", s, 4, 0)
show("r = relu(s)", r, 4, 0)
show("y = 3 r", y, 12, 0)

# %% [markdown]
# ## Backward, by hand
# From y down to the leaves. Write dv for ∂y/∂v; we start with dy = 1.
#
# | operation | slope at hand | from above | product |
# |---|---|---|---|
# | y = 3 r | 3 | dy | dr = dy · 3 |
# | r = relu(s) | 1, since s > 0 | dr | ds = dr · 1 |
# | s = p + c | 1 for p, 1 for c | ds | dp = ds · 1, dc = ds · 1 |
# | p = a b | **b** for a, **a** for b | dp | da = dp · b, db = dp · a |
#
# **Predict** the three gradients. Which one is negative, and what does that mean for y?

# %%
dy = 1
dr = dy * 3
ds = dr * 1
dp, dc = ds * 1, ds * 1
da, db = dp * -3, dp * 2

y.backward()
show("∂y/∂a", a.grad, da, 0)
show("∂y/∂b", b.grad, db, 0)
show("∂y/∂c", c.grad, dc, 0)

# %% [markdown]
# a's is negative: to raise y, lower a. Three habits are worth a name. Addition **hands on** what comes from above to both its
# inputs. Multiplication **swaps**: each input gets what comes from above times the other one's value. And relu is a **gate**:
# open, it hands all on; closed, nothing.
#
# Here is the same walk as the engine takes it. It says a lot; hold the lines `rule` and `product` against the table. (g is what
# comes from above, x and y are the first and the second input, the "Jacobian" is the slope at hand, and `0 + 3 = 3` is what
# was there before plus what comes, which lesson 3 is about. Backward frees its way as it goes, so we compute y again.)

# %%
for leaf in (a, b, c):
    leaf.grad = None
with explain.recording():  # so that it can say which line made what
    y = 3 * (a * b + c).relu()
print(y.explain(names={"a": a, "b": b, "c": c}))

# %% [markdown]
# ## A closed gate
# Let c be 5, so that s = -1. **Predict** all three gradients, before you look.

# %%
c = torch.tensor(5.0, requires_grad=True)
(3 * (a * b + c).relu()).backward()
show("∂y/∂a behind a closed gate", a.grad, 0, 0)
show("∂y/∂b behind a closed gate", b.grad, 0, 0)
show("∂y/∂c behind a closed gate", c.grad, 0, 0)

# %% [markdown]
# A step along such a gradient moves neither a, b nor c. A unit whose gate is closed for every example is called **dead**.
#
# ## A gate that is nearly closed
# The sigmoid σ(z) = 1 / (1 + exp(-z)) has the slope σ(z) (1 - σ(z)): a quarter at z = 0, and less anywhere else. **Predict**
# it at z = 10: about 0.01, or less?

# %%
for z, slope in ((0.0, 0.25), (2.0, 0.10499359), (10.0, 0.0000453958)):
    z = torch.tensor(z, dtype=torch.float64, requires_grad=True)
    z.sigmoid().backward()
    show(f"slope of the sigmoid at {z.item():g}", z.grad, slope, 5e-9)

# %% [markdown]
# Put ten sigmoids in a row, each of the one before. What comes from above reaches the first as a product with ten such slopes.
# **Predict:** at most, how much of it is left?

# %%
show("a quarter, to the tenth", 0.25**10, 9.5367e-7, 1e-11)

# %% [markdown]
# ## Break it
# A colleague has written a multiplication by hand. A `Function` is an operation of one's own: `forward` computes it, and puts
# aside what `backward` will need; `backward` gets g, what comes from above, and gives the product for each input. Her test
# is `gradcheck` (lesson 1), at x = y = 3, and it passes. **Predict:** is she right?


# %%
class Multiply(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * x, g * y


def number(value):
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


assert torch.autograd.gradcheck(Multiply.apply, (number(3.0), number(3.0)))  # hers
try:
    torch.autograd.gradcheck(Multiply.apply, (number(2.0), number(-3.0)))
except RuntimeError as error:
    print(error)

# %% [markdown]
# The slope of x y along x is y: multiplication swaps, and she did not. At x = y = 3 both slopes are 3, and the bug cannot be
# seen. Judge a rule at numbers that have nothing special to them.
#
# ## Exercise
# Write a Function `Divide` for x / y, and have `gradcheck` judge it at x = 2, y = -3. Its slopes are 1/y and -x/y².
#
# ## Three questions
# 1. y = a + a. By the habit of addition, what is ∂y/∂a?
# 2. Which habit has max(a, b)?
# 3. The slope of relu never exceeds 1, nor does that of the sigmoid. Why does only the sigmoid starve a deep stack?
#
# Answers: [ANSWERS.md](ANSWERS.md).
