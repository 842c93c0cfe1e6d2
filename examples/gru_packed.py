"""Sequences of different lengths, packed for a GRU: which symbol comes more often?"""

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from torch.utils.data import DataLoader

torch.manual_seed(6)


def sample():
    sequence = torch.randint(1, 4, (int(torch.randint(3, 13, (1,))),))
    return sequence, int((sequence == 1).sum() > (sequence == 2).sum())


def collate(batch):
    sequences, labels = zip(*batch)
    lengths = torch.tensor([len(s) for s in sequences])
    return pad_sequence(sequences, batch_first=True), lengths, torch.tensor(labels)


data = [sample() for _ in range(240)]
loader = DataLoader(data, batch_size=24, shuffle=True, collate_fn=collate)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(4, 8, padding_idx=0)
        self.gru = nn.GRU(8, 24, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(48, 2)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(self.embedding(x), lengths, batch_first=True, enforce_sorted=False)
        _, h = self.gru(packed)
        return self.fc(torch.cat([h[0], h[1]], dim=1))


model = Classifier()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.CrossEntropyLoss()
for epoch in range(8):
    total, right = 0.0, 0
    for x, lengths, y in loader:
        logits = model(x, lengths)
        loss = criterion(logits, y)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        total += loss.item() * len(y)
        right += (logits.argmax(1) == y).sum().item()
    if epoch % 2:
        print(f"epoch {epoch + 1}  loss {total / len(data):.4f}  accuracy {right / len(data):.3f}")

print("the padding stays zero:", model.embedding.weight[0])
