"""Word vectors by skip-gram with negative sampling: words that stand beside the same words come to lie together."""

from collections import Counter

import torch
import torch.nn as nn
import torch.nn.functional as F

TEXT = """the king rules the land and the queen rules the land too the king wears a crown and the queen wears
a crown the dog chases the cat and the cat chases the mouse the dog eats and the cat eats"""
words = TEXT.split()
vocabulary = sorted(Counter(words), key=lambda w: (-Counter(words)[w], w))
index = {w: i for i, w in enumerate(vocabulary)}
pairs = torch.tensor(
    [
        (index[words[i]], index[words[j]])
        for i in range(len(words))
        for j in range(i - 2, i + 3)
        if 0 <= j < len(words) != i and j != i
    ]
)
frequency = torch.tensor([Counter(words)[w] for w in vocabulary], dtype=torch.float).pow(0.75)


class SkipGram(nn.Module):
    def __init__(self, size, dim):
        super().__init__()
        self.centre = nn.Embedding(size, dim)
        self.context = nn.Embedding(size, dim)

    def forward(self, centre, context, negative):
        v = self.centre(centre)
        positive = (v * self.context(context)).sum(-1)
        others = torch.bmm(self.context(negative), v.unsqueeze(2)).squeeze(2)
        return -(F.logsigmoid(positive) + F.logsigmoid(-others).sum(1)).mean()


torch.manual_seed(10)
model = SkipGram(len(vocabulary), 12)
optimizer = torch.optim.Adagrad(model.parameters(), lr=0.3)
for epoch in range(20):
    negative = torch.multinomial(frequency, len(pairs) * 4, replacement=True).view(-1, 4)
    loss = model(pairs[:, 0], pairs[:, 1], negative)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 5 == 0:
        print(f"epoch {epoch:2d}: loss {loss.item():.4f}")

vectors = F.normalize(model.centre.weight.detach(), dim=1)
similarity = vectors @ vectors.T
for word in ("king", "dog"):
    best = similarity[index[word]].topk(4).indices[1:]
    print(word, "is near", [vocabulary[i] for i in best.tolist()])
