# %% [markdown]
# # 3. Sharing
#
# A value that is used twice hears from both of its users, and its gradient is the **sum** of what they say. Forgetting
# that is the classic bug of hand-written engines. Here is a whole engine in a dozen lines, so that we can get it wrong.


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
# b = a + a and c = b + b. **Predict** ∂c/∂a. How many ways lead from c down to a?

# %%
a = torch.tensor(1.0, requires_grad=True)
b = a + a
c = b + b
found = explain.paths(c, a, names={"a": a, "b": b, "c": c})
print(found)
c.backward()
show("∂c/∂a by backward", a.grad, 4, 0)

# %% [markdown]
# On each path the slopes multiply, and the paths add up: that is the chain rule for a graph. So this must be right:

# %%
calls = 0


def recursive(value, g=1):
    """Walk every path."""
    global calls
    calls += 1
    value.grad += g
    for parent, slope in value.parents:
        recursive(parent, g * slope)


def doubled(n):
    """A leaf, and the value after n doublings."""
    leaf = value = Value(1)
    for _ in range(n):
        value = value + value
    return leaf, value


leaf, value = doubled(2)
recursive(value)
show("∂c/∂a, path by path", leaf.grad, 4, 0)
show("calls", calls, 7, 0)

# %% [markdown]
# **Predict** the number of calls for 16 doublings.

# %%
leaf, value = doubled(16)
calls = 0
recursive(value)
show("the derivative of 16 doublings", leaf.grad, 65536, 0)
show("calls", calls, 131071, 0)

# %% [markdown]
# Right, and hopeless: 50 doublings would take a year. But at each value all paths meet, and only their sum matters
# further down. So wait until a value has heard from **all** its users, then pass the sum on, once. Whoever was computed
# later comes first: that order is all it takes, and it is the order in which this project's `graph.walk` goes.


# %%
def ordered(value):
    """Every value that this one was computed from, each after all of its users."""
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
(x * x).backward()
show("with the old one forgotten", x.grad, 6, 0)

# %% [markdown]
# ## Break it
# One character: `=` where `+=` should be. **Predict** what it says of b = a + a; c = b + b.


# %%
def forgetful(value):
    value.grad = 1
    for v in ordered(value):
        for parent, slope in v.parents:
            parent.grad = v.grad * slope


leaf, value = doubled(2)
forgetful(value)
show("∂c/∂a, says the forgetful engine", leaf.grad, 1, 0)
show("contributions that it lost", found.total - leaf.grad, 3, 0)

# %% [markdown]
# It keeps the last path and forgets three. On a chain, where every value has one user, it is right: test with diamonds.
#
# **Exercise.** Give `Value` a `__mul__`, and check y = x · x + x at 3: its derivative is 2x + 1 = 7.
#
# **Three questions.** 1. Why may `recursive` not skip a value that it has seen before? 2. f(x) = x - x has two paths.
# What are they, and what do they add up to? 3. When would you leave out `zero_grad` on purpose?
#
# Answers: [ANSWERS.md](ANSWERS.md).
