"""Five-fold cross-validation of ridge regression, beside a split by random_split."""

import torch
from torch import nn
from torch.utils.data import DataLoader, Subset, SubsetRandomSampler, TensorDataset, random_split

torch.manual_seed(15)
x = torch.randn(100, 5)
y = x @ torch.tensor([1.0, -2.0, 0.0, 0.5, 3.0]) + 0.5 * torch.randn(100)
dataset = TensorDataset(x, y)


def fit(loader, epochs=10):
    model = nn.Linear(5, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, weight_decay=0.01)
    for _ in range(epochs):
        for xb, yb in loader:
            loss = nn.functional.mse_loss(model(xb).squeeze(-1), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return model


@torch.no_grad()
def evaluate(model, loader):
    errors = [(model(xb).squeeze(-1) - yb).pow(2) for xb, yb in loader]
    return torch.cat(errors).mean().item()


folds = torch.randperm(len(dataset)).chunk(5)
scores = []
for k, fold in enumerate(folds):
    rest = torch.cat([f for i, f in enumerate(folds) if i != k])
    model = fit(DataLoader(dataset, batch_size=16, sampler=SubsetRandomSampler(rest.tolist())))
    scores.append(evaluate(model, DataLoader(Subset(dataset, fold.tolist()), batch_size=20)))
    print(f"fold {k}: mse {scores[-1]:.4f}")
scores = torch.tensor(scores)
print(f"mean {scores.mean():.4f} ± {scores.std():.4f}")

train, test = random_split(dataset, [80, 20], generator=torch.Generator().manual_seed(1))
model = fit(DataLoader(train, batch_size=16, shuffle=True))
print(f"held out: {evaluate(model, DataLoader(test, batch_size=20)):.4f}")
