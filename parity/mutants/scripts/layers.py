"""Each layer that a mutant is in."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1)
image = torch.randn(2, 4, 7, 6, requires_grad=True)
for layer in (nn.Conv2d(4, 6, 3, padding=1), nn.Conv2d(4, 6, 3, groups=2), nn.Conv2d(4, 2, (2, 3), padding="same")):
    (layer(image) * layer(image).detach()).sum().backward()
flat = torch.tensor([[[[1.0, 1.0, 0.0, 2.0], [1.0, 0.0, 2.0, 2.0]]]], requires_grad=True)
F.max_pool2d(flat, 2).square().sum().backward()

x = torch.randn(6, 5, requires_grad=True)
norm = nn.LayerNorm(5)
(norm(x) * torch.randn(6, 5)).sum().backward()
small = (torch.randn(6, 5) * 0.003).requires_grad_()  # ε counts
(F.layer_norm(small, (5,)) * torch.randn(6, 5)).sum().backward()
batch = nn.BatchNorm1d(5)
(batch(x) * torch.randn(6, 5)).sum().backward()
batch(x.detach() * 2 + 1)

q, k, v = (torch.randn(2, 3, 4, 8, requires_grad=True) for _ in range(3))
(F.scaled_dot_product_attention(q, k, v) * torch.randn(2, 3, 4, 8)).sum().backward()
(F.scaled_dot_product_attention(q, k, v, is_causal=True) * torch.randn(2, 3, 4, 8)).sum().backward()

words = nn.Embedding(7, 3, padding_idx=2)
(words(torch.tensor([[1, 2, 2], [4, 2, 6]])) * torch.randn(2, 3, 3)).sum().backward()
(
    F.gelu(x.double(), approximate="tanh") * torch.randn(6, 5)
).sum().backward()  # digits enough for the last of a constant
lstm = nn.LSTM(5, 4)
out, _ = lstm(x.unsqueeze(1))
(out * torch.randn(6, 1, 4)).sum().backward()
F.dropout(x, 0.2).sum().backward()
nn.Linear(5, 3)(x).sum().backward()
