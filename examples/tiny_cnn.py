"""A small convolutional network tells horizontal, vertical and diagonal strokes apart in 8 x 8 images."""

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset


class Strokes(Dataset):
    """Noisy images with one stroke each; the label says in which direction it runs."""

    def __init__(self, n, generator):
        self.labels = torch.randint(0, 3, (n,), generator=generator)
        self.images = 0.3 * torch.randn(n, 1, 8, 8, generator=generator)
        for image, label in zip(self.images, self.labels):
            at = int(torch.randint(0, 8, (1,), generator=generator))
            if label == 0:
                image[0, at, :] += 1
            elif label == 1:
                image[0, :, at] += 1
            else:
                image[0] += torch.eye(8)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.images[i], self.labels[i]


g = torch.Generator().manual_seed(3)
train = DataLoader(Strokes(192, g), batch_size=32, shuffle=True, generator=g)
test = Strokes(96, g)

torch.manual_seed(3)
model = nn.Sequential(
    nn.Conv2d(1, 8, kernel_size=3, padding=1, bias=False),  # (the batch norm takes any bias away again)
    nn.BatchNorm2d(8),
    nn.ReLU(inplace=True),
    nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1),
    nn.ReLU(),
    nn.AdaptiveAvgPool2d(1),
    nn.Flatten(),
    nn.Linear(16, 3),
)
print(model)
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=1e-2)
criterion = nn.CrossEntropyLoss(label_smoothing=0.05)

for epoch in range(6):
    model.train()
    losses = []
    for images, labels in train:
        loss = criterion(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"epoch {epoch}: {sum(losses) / len(losses):.4f}")

model.eval()
with torch.no_grad():
    images, labels = test[:]
    predictions = model(images).argmax(1)
    confusion = torch.zeros(3, 3, dtype=torch.int64)
    for truth, guess in zip(labels, predictions):
        confusion[truth, guess] += 1
print(confusion)
print("accuracy:", (predictions == labels).float().mean())
