"""An LSTM forecasts a noisy wave; the learning rate follows a schedule."""

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from torch.optim.lr_scheduler import StepLR

np.random.seed(5)
torch.manual_seed(5)
t = np.arange(300) * 0.1
wave = (np.sin(t) + 0.5 * np.sin(2.3 * t) + 0.05 * np.random.randn(300)).astype(np.float32)
window = 20
x = torch.from_numpy(np.stack([wave[i : i + window] for i in range(len(wave) - window)])).unsqueeze(-1)
y = torch.from_numpy(wave[window:]).unsqueeze(-1)
x_train, y_train, x_test, y_test = x[:200], y[:200], x[200:], y[200:]


class Forecaster(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(input_size=1, hidden_size=16, num_layers=2, batch_first=True)
        self.fc = nn.Linear(16, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.fc(out[:, -1, :])


model = Forecaster()
optimizer = optim.Adam(model.parameters(), lr=0.02)
scheduler = StepLR(optimizer, step_size=10, gamma=0.5)
loss_fn = nn.MSELoss()

for epoch in range(30):
    model.train()
    optimizer.zero_grad()
    loss = loss_fn(model(x_train), y_train)
    loss.backward()
    optimizer.step()
    scheduler.step()
    if epoch % 10 == 9:
        model.eval()
        with torch.no_grad():
            test_loss = loss_fn(model(x_test), y_test)
        lr = optimizer.param_groups[0]["lr"]
        print(f"epoch {epoch + 1}: train {loss.item():.4f}, test {test_loss.item():.4f}, lr {lr:g}")

forecast = model(x_test[:5]).detach().numpy().ravel()
print("forecast:", np.round(forecast, 3))
