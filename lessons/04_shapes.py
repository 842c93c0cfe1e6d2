# %% [markdown]
# # 4. Shapes
#
# So far every value was one number. Arrays change one thing only: "slope times what comes from above" becomes a product of
# a row with a matrix, the **Jacobian**. We never build it, and each rule of the engine is a way not to.

# %%
import warnings

from lesson import show

import tinygrad_edu as torch
from tinygrad_edu import explain
from tinygrad_edu.nn import functional as F

# %% [markdown]
# ## A matrix that nobody builds
# y = exp(x) for three numbers. The Jacobian J has a row for each output and a column for each input. **Predict:** how
# many of its nine entries are not zero?

# %%
x = torch.tensor([0.0, 1.0, 2.0], requires_grad=True)
y = x.exp()
J = explain.jacobian(y.grad_fn, 0)
show("J", J, [[1, 0, 0], [0, 2.7182817, 0], [0, 0, 7.389056]])

# %% [markdown]
# What comes from above is g, one number per output: how the loss changes with each. What goes down is g J, one number per
# input: a vector-Jacobian product, or **vjp**. Because J is diagonal, g J is just g · exp(x), entry by entry. For a batch of
# 1000 numbers J has a million entries, and g · exp(x) a thousand. `y.backward(g)` starts the walk with a g of our own.

# %%
g = torch.tensor([1.0, 10.0, 100.0])
y.backward(g)
show("g J", g @ torch.as_tensor(J), [1, 27.182817, 738.9056], 1e-4)
show("g · exp(x)", x.grad, [1, 27.182817, 738.9056], 1e-4)

# %% [markdown]
# ## Copies are summed
# A bias b is added to every row of a batch: it is **copied**, N times. Copying is sharing (lesson 3), so its gradient is
# a sum, over the batch. **Predict** ∂/∂b of the sum of all entries, for a batch of 4 rows.

# %%
rows = torch.ones(4, 3)
b = torch.zeros(3, requires_grad=True)
(rows + b).sum().backward()
show("gradient of the bias", b.grad, [4, 4, 4], 0)
b.grad = None
(rows + b).mean().backward()
show("and of the mean over 12 entries", b.grad, [1 / 3, 1 / 3, 1 / 3])

# %% [markdown]
# A gradient always has the shape of what it is the gradient of. That settles most questions, as the next one.
#
# ## Matrices, by looking at their shapes
# Z = X W, with X of shape (4, 2) and W of shape (2, 3), so Z and G = ∂L/∂Z are (4, 3). From above comes G; the slope is
# made of the other factor, X. **Predict** ∂L/∂W: which product of X and G, or of their transposes, has shape (2, 3)?

# %%
torch.manual_seed(0)
X, W = torch.randn(4, 2, requires_grad=True), torch.randn(2, 3, requires_grad=True)
G = torch.randn(4, 3)
(X @ W).backward(G)
show("how far ∂L/∂W is from Xᵀ G, at most", (W.grad - X.T @ G).abs().max(), 0)
show("how far ∂L/∂X is from G Wᵀ, at most", (X.grad - G @ W.T).abs().max(), 0)

# %% [markdown]
# Nothing else fits. Xᵀ G sums over the four rows again: the same W was used for each of them.
#
# ## The trap
# A model gives one number for each of N examples, in a column, (N, 1). The targets are a row of N numbers, (N). Their
# difference is no error: it is stretched to (N, N), each prediction against each target.

# %%
prediction = torch.tensor([[1.0], [2.0], [3.0]], requires_grad=True)
target = torch.tensor([1.0, 2.0, 4.0])
show("entries of prediction - target", (prediction - target).numel(), 9, 0)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    wrong = F.mse_loss(prediction, target)
right = F.mse_loss(prediction.squeeze(1), target)
show("mean squared error, of 3 pairs", right, 0.3333333)
show("and of all 9 pairs", wrong, 2.3333333)
print(caught[0].message)

# %% [markdown]
# PyTorch warns here and goes on, so we do too. Let gradient steps move the three predictions themselves, down the wrong loss.
# **Predict** where they end.

# %%
with warnings.catch_warnings(action="ignore"):
    for _ in range(200):
        prediction.grad = None
        F.mse_loss(prediction, target).backward()
        with torch.no_grad():
            prediction -= 0.5 * prediction.grad
show("the three predictions, trained", prediction.squeeze(1), [7 / 3, 7 / 3, 7 / 3], 1e-6)

# %% [markdown]
# Each is pulled towards all three targets, and ends at their mean, 7/3. The loss falls, and nothing is learned.
#
# ## Break it
# A colleague adds the bias by hand. A `Function` is an operation of one's own: `forward` computes it, and `backward` gets g,
# in the shape of the output, and gives a gradient for each input of `forward`. His test passes. **Predict:** is it right?


# %%
class AddBias(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, b):
        return x + b

    @staticmethod
    def backward(ctx, g):
        return g, g.mean(0)


one, four = torch.randn(1, 3, dtype=torch.float64), torch.randn(4, 3, dtype=torch.float64)
bias = torch.zeros(3, dtype=torch.float64, requires_grad=True)
assert torch.autograd.gradcheck(lambda b: AddBias.apply(one, b), bias)  # his test
try:
    torch.autograd.gradcheck(lambda b: AddBias.apply(four, b).sum(0), bias)  # ours: a batch of four, its rows added up
except RuntimeError as error:
    print(error)

# %% [markdown]
# (Both matrices have a row for each input and a column for each output: `gradcheck` shows Jacobians turned, as PyTorch's does.)
# 4 by nudging, 1 by backward: he takes the mean over the batch where copies are summed, and a batch of one hides it. That a
# loss is a mean is the loss's affair: its 1/N is in g already.
#
# **Exercise.** Write a Function `Outer` for uᵢ vⱼ, of vectors u and v, finding its backward by shapes alone; ask `gradcheck`.
# (`ctx.save_for_backward(u, v)` in forward hands `u, v = ctx.saved_tensors` to backward.)
#
# **Three questions.** 1. What is the Jacobian of `x.sum()`, and what is g J? 2. And of `x.T`, for a matrix x? 3. What shape has
# the gradient that reaches b in `rows + b`, before it is summed?
#
# Answers: [ANSWERS.md](ANSWERS.md).
