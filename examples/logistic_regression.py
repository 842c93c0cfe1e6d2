"""Two overlapping clouds, told apart by logistic regression."""

import torch
from torch import nn, optim

torch.manual_seed(1)
n = 200
x = torch.cat([torch.randn(n, 2) + 1.0, torch.randn(n, 2) - 1.0])
y = torch.cat([torch.ones(n), torch.zeros(n)])

model = nn.Linear(2, 1)
criterion = nn.BCEWithLogitsLoss()
optimizer = optim.SGD(model.parameters(), lr=0.5, momentum=0.9, weight_decay=1e-3)

for epoch in range(1, 41):
    optimizer.zero_grad()
    logits = model(x).squeeze(1)
    loss = criterion(logits, y)
    loss.backward()
    optimizer.step()
    if epoch % 10 == 0:
        accuracy = ((logits > 0) == y.bool()).float().mean()
        print(f"epoch {epoch}: loss {loss:.4f}, accuracy {accuracy:.3f}")

print(model)
for name, parameter in model.named_parameters():
    print(name, parameter.data)
