"""Three spiral arms and a multilayer perceptron that learns them, in shuffled batches."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.manual_seed(2)

points, labels = [], []
for arm in range(3):
    radius = torch.linspace(0.05, 1, 100)
    angle = radius * 5 + arm * 2 * math.pi / 3 + 0.15 * torch.randn(100)
    points.append(torch.stack([radius * angle.sin(), radius * angle.cos()], dim=1))
    labels.append(torch.full((100,), arm))
dataset = TensorDataset(torch.cat(points), torch.cat(labels))
loader = DataLoader(dataset, batch_size=32, shuffle=True)


class MLP(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.fc1 = nn.Linear(2, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, 3)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = self.dropout(F.relu(self.fc2(x)))
        return self.out(x)


model = MLP().to(device)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
criterion = nn.CrossEntropyLoss()
print(model)
print("parameters:", sum(p.numel() for p in model.parameters()))

for epoch in range(15):
    model.train()
    total = 0.0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(x)
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1:2d}  loss {total / len(dataset):.4f}")

model.eval()
with torch.no_grad():
    x, y = dataset.tensors
    right = (model(x).argmax(dim=1) == y).sum().item()
print(f"{right} of {len(dataset)} points are right")
