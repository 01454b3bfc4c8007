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

from workflow_scripts.models.precision import leads

LOGITS_AT_ONCE = {"cpu": 1 << 24, "cuda": 1 << 27}
"""How many logits are held at a time (of float32 64 and 512 MiB), and on a CPU ROWS_AT_ONCE rows of
bfloat16, or of float32 where these tell nothing."""
ROWS_AT_ONCE = 512
"""For how many subtokens logits are held at a time at most, on a CPU."""
_COLUMNS = 32  # matrix instructions want a multiple of it
_BLOCK = 256
"""Of how many logits the largest is looked at first."""
_NEVER = -3e38
"""The logit of no word, which fills the last block."""
_LARGE = 64.0
"""A bias as large as this is of words that are never predicted; no weight is."""
FEW_WORDS = 4096
"""Up to so many, the product is soon done in float32, sooner than Numba is loaded."""


class Vocabulary:
    """The output embeddings of a masked language model, for their arg max alone."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None):
        """Take W (V, d) and b (V,) in float32, on the device that will compute."""
        self._weight = weight
        self._bias = weight.new_zeros(len(weight)) if bias is None else bias
        self._rounded: torch.Tensor | None = None
        self._logits: torch.Tensor | None = None
        self.rows = max(1, LOGITS_AT_ONCE[weight.device.type] // len(weight))
        """How many subtokens are best asked for at once."""
        if weight.device.type != "cpu":
            return
        self.rows = min(self.rows, ROWS_AT_ONCE)
        bfloat16 = torch.cpu._is_avx512_bf16_supported()
        if bfloat16 and len(weight) > FEW_WORDS and self._is_bounded():
            self._round()

    def _is_bounded(self) -> bool:
        """Whether one bound on the error for all words leaves few that may have the largest logit.

        It leaves all where unused words have a bias of -100, or of -inf.
        """
        return all(bool(part.abs().max() < _LARGE) for part in (self._weight, self._bias))

    def _round(self) -> None:
        """Make what the product in bfloat16 needs: W and b, and how far they were rounded."""
        self.rows = ROWS_AT_ONCE
        n_words, d = self._weight.shape
        columns = torch.cat([self._weight, self._bias[:, None]], 1)
        rounded = columns.bfloat16()
        self._longest_dropped = (columns - rounded).norm(dim=1).max()
        self._longest = rounded.float().norm(dim=1).max()
        # A row for each neuron, as the product reads it: else the whole vocabulary is turned at
        # every call.
        width = -(-(d + 1) // _COLUMNS) * _COLUMNS
        self._rounded = rounded.new_zeros(width, -(-n_words // _BLOCK) * _BLOCK)
        self._rounded[d, n_words:] = _NEVER
        self._rounded[: d + 1, :n_words] = rounded.T

    @torch.inference_mode()
    def argmax(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return the largest logit's row (r,) int64 for each of `hidden` (r, d) float32.

        Of equal logits the lower row wins.
        """
        if not len(hidden):
            return hidden.new_zeros(0, dtype=torch.long)
        rounded = self._rounded
        parts = hidden.split(self.rows)
        if rounded is None:
            return torch.cat([self._of_all(part) for part in parts])
        return torch.cat([self._of_likely(part, rounded) for part in parts])

    def _of_all(self, hidden: torch.Tensor) -> torch.Tensor:
        logits = self._memory(len(hidden), len(self._weight), hidden.dtype)
        return leads(torch.addmm(self._bias, hidden, self._weight.T, out=logits))[0]

    def _memory(self, n: int, n_words: int, dtype: torch.dtype) -> torch.Tensor | None:
        """Return where to write n rows of logits; on a GPU None, which is fresh memory.

        On a CPU it is kept from call to call: the system clears what is fresh, and that takes as
        long as the product.
        """
        if self._weight.device.type != "cpu":
            return None
        if self._logits is None or self._logits.dtype != dtype:
            self._logits = torch.empty(self.rows, n_words, dtype=dtype)
        return self._logits[:n]

    def _of_likely(self, hidden: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        from workflow_scripts.kernels.likely_logits import at_least

        n, d = hidden.shape
        with_one = torch.cat([hidden, hidden.new_ones(n, 1)], 1)
        width = len(columns)
        rounded = torch.nn.functional.pad(with_one, (0, width - d - 1)).bfloat16()
        dropped = with_one - rounded[:, : d + 1]
        logits = torch.mm(rounded, columns, out=self._memory(n, columns.shape[1], rounded.dtype))
        logits = logits.view(torch.int16)
        blocks = logits.view(n, -1, _BLOCK)
        length = with_one.norm(dim=1)
        error = (
            self._longest_dropped * length
            + self._longest * dropped.norm(dim=1)
            + width * 2**-23 * self._longest * length * (1 + 1 / 256)
        )
        if not (error < -_NEVER / 8).all():  # of hidden states without end, or that are no numbers
            return self._of_all(hidden)
        # A positive number's order is its bits; a block of negative ones reaches no such threshold.
        maxima = blocks.amax(2)
        threshold = _threshold(maxima, error)
        if (threshold <= 0).any():
            # Among negative ones the largest has the fewest bits.
            maxima = torch.where(maxima >= 0, maxima, _ordered(blocks.amin(2)))
            threshold = _threshold(maxima, error)
        found = at_least(logits.numpy(), maxima.numpy(), _order_of(threshold).numpy(), _BLOCK)
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


def _threshold(maxima: torch.Tensor, error: torch.Tensor) -> torch.Tensor:
    """Return what the largest logit of a row (n,) reaches, by its blocks' maxima (n, B)."""
    largest = _number_of(maxima.amax(1))
    threshold = largest - largest.abs() / 256 - 2 * error
    return threshold - threshold.abs() / 128  # its own rounding must lose no row


def _ordered(bits: torch.Tensor) -> torch.Tensor:
    """Return int16 that are ordered as bfloat16 numbers are, of their bits; its own inverse."""
    return bits ^ ((bits >> 15) & 0x7FFF)


def _order_of(numbers: torch.Tensor) -> torch.Tensor:
    """Return int16 that are ordered as the numbers, rounded to bfloat16, are."""
    return _ordered(numbers.bfloat16().view(torch.int16))


def _number_of(order: torch.Tensor) -> torch.Tensor:
    """Return the float32 numbers whose order is given: the inverse of `_order_of`."""
    return _ordered(order).view(torch.bfloat16).float()
