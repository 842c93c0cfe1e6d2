"""The cells of a chapter on supervised training (Rao and McMahan, chapter 3): activations, losses, and a toy classifier.

It draws pictures where matplotlib is installed and a folder is named: python book_chapter_3.py FOLDER
"""

import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

try:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
except ImportError:
    plt = None

FOLDER = sys.argv[1] if len(sys.argv) > 1 else None
seed = 1337
torch.manual_seed(seed)
np.random.seed(seed)


def picture(name, *lines):
    if plt and FOLDER:
        plt.figure()
        for x, y, style in lines:
            plt.plot(x, y, style)
        plt.savefig(f"{FOLDER}/{name}.png")
        plt.close()


# Activation functions
x = torch.range(-5.0, 5.0, 0.1)
prelu = nn.PReLU(num_parameters=1)
for name, y in {
    "sigmoid": torch.sigmoid(x),
    "tanh": torch.tanh(x),
    "relu": F.relu(x),
    "prelu": prelu(x),
}.items():
    print(name, y[::25].detach())
    picture(name, (x.numpy(), y.detach().numpy(), "-"))

softmax = nn.Softmax(dim=1)
x_input = torch.randn(1, 3)
y_output = softmax(x_input)
print(x_input)
print(y_output)
print(torch.sum(y_output, dim=1))

# Loss functions
mse_loss = nn.MSELoss()
outputs = torch.randn(3, 5, requires_grad=True)
targets = torch.randn(3, 5)
loss = mse_loss(outputs, targets)
print(loss)

ce_loss = nn.CrossEntropyLoss()
outputs = torch.randn(3, 5, requires_grad=True)
targets = torch.empty(3, dtype=torch.long).random_(5)
loss = ce_loss(outputs, targets)
print(targets, loss)

bce_loss = nn.BCELoss()
sigmoid = nn.Sigmoid()
probabilities = sigmoid(torch.randn(4, 1, requires_grad=True))
targets = torch.tensor([1, 0, 1, 0], dtype=torch.float32).view(4, 1)
loss = bce_loss(probabilities, targets)
print(probabilities)
print(loss)

# Toy data: two clouds of points
LEFT_CENTER = (3, 3)
RIGHT_CENTER = (3, -2)


def get_toy_data(batch_size, left_center=LEFT_CENTER, right_center=RIGHT_CENTER):
    x_data, y_targets = [], np.zeros(batch_size)
    for i in range(batch_size):
        if np.random.random() > 0.5:
            x_data.append(np.random.normal(loc=left_center))
        else:
            x_data.append(np.random.normal(loc=right_center))
            y_targets[i] = 1
    return torch.tensor(np.array(x_data), dtype=torch.float32), torch.tensor(y_targets, dtype=torch.float32)


class Perceptron(nn.Module):
    """One linear layer and a sigmoid."""

    def __init__(self, input_dim):
        super().__init__()
        self.fc1 = nn.Linear(input_dim, 1)

    def forward(self, x_in):
        return torch.sigmoid(self.fc1(x_in))


def visualize_results(perceptron, x_data, y_truth, epoch, n_grid=100):
    """How many points lie on the wrong side, and a picture of the boundary p = 1/2."""
    guess = (perceptron(x_data).squeeze() > 0.5).float()
    wrong = int((guess != y_truth).sum())
    (w1, w2), b = perceptron.fc1.weight.detach().numpy()[0], perceptron.fc1.bias.item()
    line = np.linspace(0, 6, n_grid)
    clouds = [(x_data[y_truth == y].numpy().T, style) for y, style in ((0, "*"), (1, "o"))]
    picture(f"epoch-{epoch}", *((*cloud, style) for cloud, style in clouds), (line, -(b + w1 * line) / w2, "k--"))
    return wrong


lr = 0.01
input_dim = 2
batch_size = 1000
n_epochs = 12
n_batches = 5

torch.manual_seed(seed)
np.random.seed(seed)
x_data_static, y_truth_static = get_toy_data(batch_size)

perceptron = Perceptron(input_dim=input_dim)
optimizer = optim.Adam(params=perceptron.parameters(), lr=lr)
bce_loss = nn.BCELoss()
print(perceptron)
print(list(perceptron.parameters()))

losses = []
change, last, epsilon, epoch = 1.0, 10.0, 1e-3, 0
while change > epsilon or epoch < n_epochs or last > 0.3:
    for _ in range(n_batches):
        optimizer.zero_grad()
        x_data, y_target = get_toy_data(batch_size)
        y_pred = perceptron(x_data).squeeze()
        loss = bce_loss(y_pred, y_target)
        loss.backward()
        optimizer.step()
        loss_value = loss.item()
        losses.append(loss_value)
        change = abs(last - loss_value)
        last = loss_value
    wrong = visualize_results(perceptron, x_data_static, y_truth_static, epoch)
    print(f"epoch {epoch:2d}  loss {last:.5f}  {wrong} of {batch_size} points on the wrong side")
    epoch += 1

print(f"{len(losses)} steps, the last loss {losses[-1]:.6f}")
print("weights", perceptron.fc1.weight.data, "bias", perceptron.fc1.bias.data)
