"""Each loss that a mutant is in: probabilities at 0 and 1, large logits, weighted classes, a class to ignore."""

import torch
import torch.nn.functional as F

torch.manual_seed(1)
z = torch.randn(6, 4, requires_grad=True)
target = torch.rand(6, 4).round()
F.binary_cross_entropy(torch.sigmoid(z), target).backward()
certain = torch.tensor([0.0, 1.0, 1.0, 0.3], requires_grad=True)
F.binary_cross_entropy(certain, torch.tensor([1.0, 0.0, 1.0, 0.0])).backward()
nearly = torch.tensor(
    [1e-13, 0.5], dtype=torch.float64, requires_grad=True
)  # where p (1 - p) is kept above a tiny number
F.binary_cross_entropy(nearly, torch.tensor([1.0, 0.0], dtype=torch.float64)).backward()
F.mse_loss(z, target).backward()
F.binary_cross_entropy_with_logits(z * 1e4, target).backward()
(F.logsigmoid(z * 100) * target).sum().backward()
classes = torch.tensor([0, 3, 1, 1, 2, 0])
F.cross_entropy(z, classes).backward()
F.cross_entropy(z, classes, weight=torch.tensor([1.0, 2.0, 3.0, 4.0])).backward()
F.cross_entropy(z, torch.tensor([0, -100, 1, 1, -100, 0])).backward()
