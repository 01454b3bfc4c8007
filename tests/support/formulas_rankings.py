"""Rankings that look at one neuron at a time, written out word by word and slow.

h (n,) are the activations of one neuron, y (n,) the values of the words, 0..Z-1.
"""

import math

import numpy as np


def average_precision(h, positive):
    """Σ_i (R_i − R_{i−1}) P_i over the distinct activations, from the highest down."""
    total, recall_before = 0.0, 0.0
    for threshold in sorted(set(h.tolist()), reverse=True):
        chosen = h >= threshold
        precision = positive[chosen].sum() / chosen.sum()
        recall = positive[chosen].sum() / positive.sum()
        total += (recall - recall_before) * precision
        recall_before = recall
    return total


def iou(h, y, n_values):
    better = [
        max(average_precision(h, y == z), average_precision(-h, y == z)) for z in range(n_values)
    ]
    return sum(better) / n_values


def selectivity(h, y, n_values):
    h = h.astype(np.float64)
    width = h.max() - h.min()
    if width == 0:
        return 0.0
    distances = [abs(h[y == z].mean() - h[y != z].mean()) for z in range(n_values)]
    return sum(distances) / width


def fisher(h, y, n_values):
    h = h.astype(np.float64)
    q = math.fsum(h) / len(h)
    between = within = 0.0
    for z in range(n_values):
        of_z = h[y == z]
        q_z = math.fsum(of_z) / len(of_z)
        between += len(of_z) * (q_z - q) ** 2
        within += math.fsum((of_z - q_z) ** 2)
    if within == 0:
        return 0.0 if between == 0 else math.inf
    return between / within


def mutual_information(h, y, n_values):
    h = h.astype(np.float64)
    edges = sorted({float(np.quantile(h, q / 100)) for q in range(5, 100, 5)})
    part = [sum(edge <= activation for edge in edges) for activation in h]
    n = len(h)
    bits = 0.0
    for z in range(n_values):
        for b in range(len(edges) + 1):
            both = sum(1 for i in range(n) if y[i] == z and part[i] == b) / n
            if both > 0:
                bits += both * math.log2(both / ((y == z).mean() * (part.count(b) / n)))
    return bits
