"""The vocabulary product: which row of W (V, d) has the largest W h + b.

An intervention asks this for every changed subtoken at every k, and the product with the whole
vocabulary is most of its work. In bfloat16 it is several times faster than in float32, where
the processor has instructions for it, and a bound on its error leaves few rows that can have
the largest logit; those are computed exactly. With Wb, hb rounded and rW, rh what the rounding
dropped (the bias is a column of W, beside a 1 in h), and d u |Wb||hb| for the float32 sum of d
terms, u = 2^-23,

    |W h - Wb hb| <= |rW||h| + |Wb||rh| + d u |Wb||hb| =: e

so where m is the largest of Wb hb, a row below m - 2 e cannot be the one; rounding the products
to bfloat16 keeps their order, and m is known to one part in 2^8.
"""

import torch

LOGITS_AT_ONCE = 1 << 24
"""How many logits are held at a time (float32: 64 MiB)."""
_COLUMNS = 32  # matrix instructions want a multiple of it
FEW_WORDS = 4096
"""Up to so many, the product is soon done in float32, sooner than Numba is loaded."""


class Vocabulary:
    """The output embeddings of a masked language model, for their arg max alone."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None):
        """Take W (V, d) and b (V,) in float32, on the device that will compute."""
        self._weight = weight
        self._bias = weight.new_zeros(len(weight)) if bias is None else bias
        self._rounded: torch.Tensor | None = None
        on_cpu = weight.device.type == "cpu"
        if on_cpu and len(weight) > FEW_WORDS and torch.cpu._is_avx512_bf16_supported():
            columns = torch.cat([weight, self._bias[:, None]], 1)
            pad = -columns.shape[1] % _COLUMNS
            self._rounded = torch.nn.functional.pad(columns, (0, pad)).bfloat16()
            dropped = columns - self._rounded[:, : columns.shape[1]]
            self._longest_dropped = dropped.norm(dim=1).max()
            self._longest = self._rounded.float().norm(dim=1).max()

    def argmax(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return the largest logit's row (r,) int64 for each of `hidden` (r, d) float32.

        Of equal logits the lower row wins.
        """
        rows = max(1, LOGITS_AT_ONCE // len(self._weight))
        parts = [
            self._of_all(part) if self._rounded is None else self._of_likely(part)
            for part in hidden.split(rows)
        ]
        return torch.cat(parts) if parts else hidden.new_zeros(0, dtype=torch.long)

    def _of_all(self, hidden: torch.Tensor) -> torch.Tensor:
        return torch.addmm(self._bias, hidden, self._weight.T).argmax(-1)

    def _of_likely(self, hidden: torch.Tensor) -> torch.Tensor:
        from workflow_scripts.kernels.likely_logits import at_least, block_maxima

        n, d = hidden.shape
        with_one = torch.cat([hidden, hidden.new_ones(n, 1)], 1)
        width = self._rounded.shape[1]
        rounded = torch.nn.functional.pad(with_one, (0, width - d - 1)).bfloat16()
        dropped = with_one - rounded[:, : d + 1]
        logits = (rounded @ self._rounded.T).view(torch.int16).numpy()  # (n, V) bfloat16
        maxima = block_maxima(logits)
        largest = _number_of(torch.from_numpy(maxima.max(axis=1)))
        length = with_one.norm(dim=1)
        error = (
            self._longest_dropped * length
            + self._longest * dropped.norm(dim=1)
            + width * 2**-23 * self._longest * length * (1 + 1 / 256)
        )
        threshold = largest - largest.abs() / 256 - 2 * error
        threshold -= threshold.abs() / 128  # its own rounding must lose no row
        found = at_least(logits, maxima, _order_of(threshold).numpy())
        row, candidate = map(torch.from_numpy, found)
        exact = (self._weight[candidate].double() * hidden[row].double()).sum(1)
        exact += self._bias[candidate].double()
        best = torch.full((n,), -torch.inf, dtype=torch.float64).scatter_reduce(
            0, row, exact, "amax"
        )
        is_best = exact == best[row]
        return torch.full((n,), len(self._weight)).scatter_reduce(
            0, row[is_best], candidate[is_best], "amin"
        )


def _order_of(numbers: torch.Tensor) -> torch.Tensor:
    """Return int16 that are ordered as the numbers, rounded to bfloat16, are."""
    bits = numbers.bfloat16().view(torch.int16)
    return bits ^ ((bits >> 15) & 0x7FFF)


def _number_of(order: torch.Tensor) -> torch.Tensor:
    """Return the float32 numbers whose order is given: the inverse of `_order_of`."""
    return (order ^ ((order >> 15) & 0x7FFF)).view(torch.bfloat16).float()
