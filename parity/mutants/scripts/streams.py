"""Everything that draws: numbers, shuffles, masks, initial weights."""

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

for seed in (1, 2**31 + 1):
    torch.manual_seed(seed)
    for n in (1, 3, 15, 16, 40):
        torch.rand(n)
        torch.randn(n)
        torch.rand(n, dtype=torch.float64)
    torch.randint(10, (7,))
    torch.randint(2**30, (7,))
    torch.randint(2**40, (7,))
    torch.randperm(9)
    torch.randperm(9)
    torch.normal(0.0, 1.0, (5,))
    torch.randn(5)
    F.dropout(torch.ones(30), 0.3)
    torch.nn.Linear(7, 3)

torch.manual_seed(3)
data = TensorDataset(torch.arange(10), torch.arange(10) * 2)
for options in (dict(shuffle=True), dict(shuffle=True, drop_last=True), dict()):
    loader = DataLoader(data, batch_size=4, **options)
    print(len(loader))
    for _ in range(2):
        print([batch.tolist() for batch, *_ in loader])
torch.rand(3)
