"""The linear probe of the methods, written out in PyTorch, one probe at a time and slow.

loss of a batch = mean cross-entropy + λ₁ ‖W‖₁ + λ₂ ‖W‖_F; λ₁ = 0.001, λ₂ = 0.01 where not said
Adam, learning rate 0.01; batches of 32 in corpus order; 10 epochs
"""

import numpy as np
import torch


def train_linear(x, y, weights, bias, epochs=10, l1=0.001, frobenius=0.01):
    """Train on x (n, k) and y (n,) from weights (Z, k) and bias (Z,).

    Returns, for each epoch, weights and bias at its end and the sum of its batches' losses.
    """
    inputs, labels = torch.tensor(x), torch.tensor(y, dtype=torch.int64)
    probe = torch.nn.Linear(inputs.shape[1], len(bias))
    with torch.no_grad():
        probe.weight.copy_(torch.tensor(weights))
        probe.bias.copy_(torch.tensor(bias))
    adam = torch.optim.Adam(probe.parameters(), lr=0.01)
    cross_entropy = torch.nn.CrossEntropyLoss()
    history = []
    for _ in range(epochs):
        total = 0.0
        for start in range(0, len(labels), 32):
            adam.zero_grad()
            loss = cross_entropy(probe(inputs[start : start + 32]), labels[start : start + 32])
            norms = torch.norm(probe.weight, p=1), torch.norm(probe.weight)
            loss = loss + l1 * norms[0] + frobenius * norms[1]
            loss.backward()
            adam.step()
            total += loss.item()
        history.append(
            (probe.weight.detach().numpy().copy(), probe.bias.detach().numpy().copy(), total)
        )
    return history


def logits(x, weights, bias):
    """(n, Z) float64."""
    return x.astype(np.float64) @ weights.T.astype(np.float64) + bias


def accuracy(x, y, weights, bias):
    """Share of words whose highest logit is that of the true value; ties to the lower value."""
    return float(np.mean(logits(x, weights, bias).argmax(axis=1) == y))


def conditional_entropy(x, y, weights, bias):
    """Mean −log₂ p(true value), in bits."""
    scores = logits(x, weights, bias)
    scores -= scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return float(-np.mean(log_p[np.arange(len(y)), y]) / np.log(2))
