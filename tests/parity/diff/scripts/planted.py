"""A small classifier of sequences, with a normalization whose backward is written by hand; and wrong, in one place.

Run as any script: python planted.py --steps 20. It learns all the same, which is what makes such an error expensive."""

import argparse
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

# ---------------------------------------------------------------- data


def sequences(count, length, generator):
    """Sequences of digits, and whether there are more large ones than small ones in the second half."""
    x = torch.randint(0, 10, (count, length), generator=generator)
    half = x[:, length // 2 :]
    y = ((half > 4).sum(1) > (half <= 4).sum(1)).long()
    return x, y


def loaders(args):
    generator = torch.Generator().manual_seed(args.seed)
    train = TensorDataset(*sequences(args.items, args.length, generator))
    test = TensorDataset(*sequences(args.items // 4, args.length, generator))
    return (
        DataLoader(train, batch_size=args.batch_size, shuffle=True, drop_last=True),
        DataLoader(test, batch_size=args.batch_size),
    )


# ---------------------------------------------------------------- a normalization of our own


class RMSNormFunction(torch.autograd.Function):
    """y = w x / r, where r = √(mean x² + ε) over the last axis."""

    @staticmethod
    def forward(ctx, x, weight, eps):
        r = torch.sqrt(x.pow(2).mean(-1, keepdim=True) + eps)
        ctx.save_for_backward(x, weight, r)
        return weight * x / r

    @staticmethod
    def backward(ctx, grad):
        x, weight, r = ctx.saved_tensors
        n = x.shape[-1]
        scaled = grad * weight
        along = (scaled * x).sum(-1, keepdim=True)
        grad_x = scaled / r - x * along / (n * r**2)  # it should be r**3
        grad_weight = (grad * x / r).flatten(0, -2).sum(0)
        return grad_x, grad_weight, None


class RMSNorm(nn.Module):
    def __init__(self, width, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x):
        return RMSNormFunction.apply(x, self.weight, self.eps)


# ---------------------------------------------------------------- the model


class Attention(nn.Module):
    """Every place looks at every other, through several heads."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.queries = nn.Linear(width, width, bias=False)
        self.keys = nn.Linear(width, width, bias=False)
        self.values = nn.Linear(width, width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def split(self, x):
        batch, length, width = x.shape
        return x.view(batch, length, self.heads, width // self.heads).transpose(1, 2)

    def forward(self, x):
        q, k, v = (self.split(f(x)) for f in (self.queries, self.keys, self.values))
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        mixed = F.softmax(scores, dim=-1) @ v
        return self.out(mixed.transpose(1, 2).flatten(2))


class Gated(nn.Module):
    """A feed-forward layer with a gate."""

    def __init__(self, width, hidden):
        super().__init__()
        self.gate = nn.Linear(width, hidden)
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)

    def forward(self, x):
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Block(nn.Module):
    def __init__(self, width, heads, dropout):
        super().__init__()
        self.before_attention = RMSNorm(width)
        self.attention = Attention(width, heads)
        self.before_gated = RMSNorm(width)
        self.gated = Gated(width, 2 * width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        x = x + self.dropout(self.attention(self.before_attention(x)))
        return x + self.dropout(self.gated(self.before_gated(x)))


class Classifier(nn.Module):
    def __init__(self, args):
        super().__init__()
        self.digits = nn.Embedding(10, args.width)
        self.places = nn.Parameter(0.02 * torch.randn(args.length, args.width))
        self.blocks = nn.ModuleList(Block(args.width, args.heads, args.dropout) for _ in range(args.depth))
        self.last = RMSNorm(args.width)
        self.head = nn.Linear(args.width, 2)
        self.apply(self.begin)

    @staticmethod
    def begin(module):
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)

    def forward(self, x):
        x = self.digits(x) + self.places
        for block in self.blocks:
            x = block(x)
        return self.head(self.last(x).mean(1))


# ---------------------------------------------------------------- training


@torch.no_grad()
def accuracy(model, loader):
    model.eval()
    right = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    model.train()
    return right / len(loader.dataset)


def train(model, loader, optimizer, scheduler, args):
    """So many steps, through as many epochs as they take."""
    step = 0
    while step < args.steps:
        for x, y in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y, label_smoothing=0.05)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            step += 1
            if step % 10 == 0:
                print(f"step {step:4d}  loss {loss.item():.4f}  lr {scheduler.get_last_lr()[0]:.5f}")
            if step == args.steps:
                break


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--items", type=int, default=256)
    parser.add_argument("--length", type=int, default=12)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--heads", type=int, default=2)
    parser.add_argument("--depth", type=int, default=2)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main():
    args = parse()
    torch.manual_seed(args.seed)
    train_loader, test_loader = loaders(args)
    model = Classifier(args)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.01)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.steps)
    print(f"{sum(p.numel() for p in model.parameters())} parameters")
    train(model, train_loader, optimizer, scheduler, args)
    print(f"accuracy on held-out sequences {accuracy(model, test_loader):.2f}")


if __name__ == "__main__":
    main()
