"""A variational autoencoder on tiny binary images, with the reparametrisation trick."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(8)
patterns = (torch.rand(4, 16) > 0.5).float()
data = patterns[torch.randint(0, 4, (128,))]
data = torch.where(torch.rand(128, 16) < 0.05, 1 - data, data)


class VAE(nn.Module):
    def __init__(self, latent=2):
        super().__init__()
        self.hidden = nn.Linear(16, 32)
        self.mu = nn.Linear(32, latent)
        self.logvar = nn.Linear(32, latent)
        self.decode = nn.Sequential(nn.Linear(latent, 32), nn.ReLU(), nn.Linear(32, 16), nn.Sigmoid())

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

    def forward(self, x):
        h = F.relu(self.hidden(x))
        mu, logvar = self.mu(h), self.logvar(h)
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar


def loss_function(reconstruction, x, mu, logvar):
    bce = F.binary_cross_entropy(reconstruction, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return bce, kld


model = VAE()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(1, 61):
    model.train()
    reconstruction, mu, logvar = model(data)
    bce, kld = loss_function(reconstruction, data, mu, logvar)
    loss = (bce + kld) / len(data)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 20 == 0:
        print(
            f"epoch {epoch}  elbo {-loss.item():.3f}  bce {bce.item() / len(data):.3f}  kld {kld.item() / len(data):.4f}"
        )

model.eval()
with torch.inference_mode():
    drawn = model.decode(torch.randn(2, 2))
torch.set_printoptions(precision=2, sci_mode=False)
print(drawn)
