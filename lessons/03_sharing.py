# %% [markdown]
# # 3. Sharing
#
# A value that is used twice hears from both of its users, and its gradient is the **sum** of what they say. Here is a whole
# engine in a dozen lines, so that we can see where that sum is made, and where it is lost.


# %%
from lesson import show

import tinygrad_edu as torch
from tinygrad_edu import explain


class Value:
    """A number, and what it was computed from: (parent, slope of this along that parent)."""

    def __init__(self, data, *parents):
        self.data, self.parents, self.grad = data, parents, 0

    def __add__(self, other):
        return Value(self.data + other.data, (self, 1), (other, 1))


# %% [markdown]
# ## Paths
# b = a + a and c = b + b. **Predict** ∂c/∂a. How many ways lead from c down to a? `explain.paths` lists them, a line each:
# first what the path is worth; then the way, `c ─x: 1→ b` for a step from c to its first input (x; y is the second), with
# the slope of c along it.

# %%
a = torch.tensor(1.0, requires_grad=True)
b = a + a
c = b + b
print(explain.paths(c, a, names={"a": a, "b": b, "c": c}))
c.backward()
show("∂c/∂a by backward", a.grad, 4, 0)

# %% [markdown]
# On each path the slopes multiply, and the paths add up: that is the chain rule for a graph. Here each is worth 1; where
# slopes differ, so do the paths. **Predict** those of u = 3v + v² at v = 2: how many, and what is each worth?

# %%
v = torch.tensor(2.0, requires_grad=True)
u = 3 * v + v * v
print(explain.paths(u, v, names={"u": u, "v": v}))

# %% [markdown]
# So to walk every path must be right. **Predict** how many calls that takes for 2 doublings, and for 16.


# %%
def recursive(value, g=1):
    global calls
    calls += 1
    value.grad += g
    for parent, slope in value.parents:
        recursive(parent, g * slope)


def doubled(n):
    leaf = value = Value(1)
    for _ in range(n):
        value = value + value
    return leaf, value


for n in (2, 16):
    leaf, value = doubled(n)
    calls = 0
    recursive(value)
    show(f"the derivative of {n} doublings", leaf.grad, 2**n, 0)
    show("calls", calls, 2 ** (n + 1) - 1, 0)

# %% [markdown]
# Right, and hopeless: each doubling doubles the calls, and 50 of them would take years. But at each value all paths meet, and
# only their sum matters further down. So wait until a value has heard from **all** its users, then pass the sum on, once.
# Put each value after all of its users: that order is all it takes, and this project's `graph.walk` goes by it.


# %%
def ordered(value):
    found, seen = [], set()

    def visit(v):
        if v not in seen:
            seen.add(v)
            for parent, _ in v.parents:
                visit(parent)
            found.append(v)

    visit(value)
    return found[::-1]


def backward(value):
    value.grad = 1
    for v in ordered(value):
        for parent, slope in v.parents:
            parent.grad += v.grad * slope


leaf, value = doubled(50)
backward(value)
show("2⁵⁰, in 51 steps", leaf.grad, 1125899906842624, 0)

# %% [markdown]
# ## The same sum, over time: why `zero_grad`
# `.grad` is such a sum too, and nobody empties it for us. Each `backward` adds its own. **Predict** the second gradient.

# %%
x = torch.tensor(3.0, requires_grad=True)
(x * x).backward()
show("∂x²/∂x at 3", x.grad, 6, 0)
(x * x).backward()
show("and after a second backward", x.grad, 12, 0)
x.grad = None  # which is what optimizer.zero_grad() does

# %% [markdown]
# ## Break it
# A colleague has "tidied up" our `backward`. It is right for a + b. **Predict** what it says of
# c = b + b with b = a + a, and find the bug.


# %%
def tidied(value):
    value.grad = 1
    for v in ordered(value):
        for parent, slope in v.parents:
            parent.grad = v.grad * slope


one = Value(1)
tidied(one + Value(2))
show("∂(a + b)/∂a: right", one.grad, 1, 0)
leaf, value = doubled(2)
tidied(value)
show("∂c/∂a for c = b + b, b = a + a", leaf.grad, 1, 0)

# %% [markdown]
# `=` where `+=` was: each user overwrites what the others said. It keeps the last path and forgets three. Wherever every
# value has one user it is right: so test an engine with values that are used twice.
#
# **Exercise.** Give `Value` a `__mul__`, and check y = x · x + x at 3 with `backward`: its derivative is 2x + 1 = 7.
#
# **Three questions.** 1. Why may `recursive` not skip a value that it has seen before? 2. f(x) = x - x has two paths.
# What are they worth, and what do they add up to? 3. When would you leave out `zero_grad` on purpose?
#
# Answers: [ANSWERS.md](ANSWERS.md).
