"""An autoencoder squeezes points on a circle in eight dimensions through two numbers."""

import torch
from torch import nn

torch.manual_seed(7)
angle = torch.rand(256) * 2 * torch.pi
circle = torch.stack([angle.cos(), angle.sin()], dim=1)
data = circle @ torch.randn(2, 8) + 0.02 * torch.randn(256, 8)


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 2))
        self.decoder = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 8))

    def forward(self, x):
        return self.decoder(self.encoder(x))


def init_weights(module):
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


model = Autoencoder()
model.apply(init_weights)
optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3)
criterion = nn.SmoothL1Loss()
for epoch in range(60):
    order = torch.randperm(len(data))
    for batch in data[order].split(64):
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(batch), batch)
        loss.backward()
        optimizer.step()
    if epoch % 20 == 19:
        with torch.no_grad():
            print(f"epoch {epoch + 1}: reconstruction error {criterion(model(data), data):.5f}")

with torch.no_grad():
    codes = model.encoder(data)
print("codes:", codes.shape, "spread", codes.std(dim=0))
