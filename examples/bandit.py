"""REINFORCE on a bandit with five arms: a policy is a softmax, and reward makes what was done more likely."""

import torch
import torch.nn.functional as F

torch.manual_seed(17)
chances = torch.tensor([0.2, 0.5, 0.1, 0.8, 0.4])
preferences = torch.zeros(5, requires_grad=True)
optimizer = torch.optim.Adam([preferences], lr=0.1)
baseline = 0.0

for episode in range(1, 81):
    log_probability = F.log_softmax(preferences, dim=0)
    arms = torch.multinomial(log_probability.exp(), 16, replacement=True)
    rewards = torch.bernoulli(chances[arms])
    loss = -((rewards - baseline) * log_probability[arms]).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    baseline = 0.9 * baseline + 0.1 * rewards.mean().item()
    if episode % 20 == 0:
        print(f"episode {episode}: baseline {baseline:.4f}, policy {preferences.softmax(0).detach()}")

print("the best arm is", preferences.argmax().item())
