"""A recurrent network learns a nursery rhyme letter by letter, and then says one of its own."""

import torch
import torch.nn as nn

TEXT = "row row row your boat gently down the stream merrily merrily merrily merrily life is but a dream "
letters = sorted(set(TEXT))
index = {letter: i for i, letter in enumerate(letters)}
data = torch.tensor([index[letter] for letter in TEXT])


class CharRNN(nn.Module):
    def __init__(self, vocabulary, hidden):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, 16)
        self.rnn = nn.RNN(16, hidden, batch_first=True)
        self.head = nn.Linear(hidden, vocabulary)

    def forward(self, x, h=None):
        out, h = self.rnn(self.embed(x), h)
        return self.head(out), h


torch.manual_seed(4)
model = CharRNN(len(letters), 48)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
criterion = nn.CrossEntropyLoss()

x, y = data[:-1].unsqueeze(0), data[1:].unsqueeze(0)
for step in range(61):
    logits, _ = model(x)
    loss = criterion(logits.transpose(1, 2), y)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    if step % 15 == 0:
        print(f"step {step:2d}  loss {loss.item():.4f}  perplexity {loss.exp().item():.3f}")

with torch.no_grad():
    letter, h, said = data[:1].view(1, 1), None, letters[data[0]]
    for _ in range(40):
        logits, h = model(letter, h)
        letter = torch.multinomial(logits[0, -1].softmax(-1), 1).view(1, 1)
        said += letters[letter.item()]
print(repr(said))
