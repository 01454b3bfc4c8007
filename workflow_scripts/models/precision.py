"""Precision: products at the processor's full rate, and how far they may be from float32.

`exact` is float32 throughout. `fast` runs a model's products in TF32 where the device has it, and
says of every prediction by how much it leads; what leads by less than the error that TF32 is seen
to make is asked again in float32 by the caller, so that predictions are those of `exact`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

EXACT, FAST = "exact", "fast"
RATES = {"cuda": "high"}
"""What PyTorch calls the products of `fast` on a kind of device: TF32 on a GPU. A CPU has none that
are near enough: of predictions from bfloat16 most would be asked again."""
_BLOCK = 256
"""Of how many logits the largest is looked at first."""


def is_faster(precision: str, device: torch.device) -> bool:
    """Whether the precision makes a difference on the device."""
    return precision == FAST and device.type in RATES


@contextmanager
def fast_products(device: torch.device) -> Iterator[None]:
    """Run products of float32 at the device's faster rate, and at the one of before afterwards."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(RATES[device.type])
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


def leads(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the largest logit's column, the lowest of equal ones, and by how much it leads.

    (r,) each, of logits (r, V). They are read once, for the largest of every block: `argmax` of
    long rows takes longer than the product that gives them.
    """
    n_columns = logits.shape[1]
    whole = n_columns // _BLOCK * _BLOCK
    parts = [logits[:, :whole].unflatten(1, (-1, _BLOCK)).amax(2)] if whole else []
    if whole < n_columns:
        parts.append(logits[:, whole:].amax(1, keepdim=True))
    blocks = torch.cat(parts, 1)
    block = blocks.argmax(1, keepdim=True)
    columns = block * _BLOCK + torch.arange(_BLOCK, device=logits.device)
    within = logits.gather(1, columns.clamp(max=n_columns - 1))
    within.masked_fill_(columns >= n_columns, -torch.inf)
    largest, place = within.max(1)
    within.scatter_(1, place[:, None], -torch.inf)
    blocks.scatter_(1, block, -torch.inf)
    next_largest = torch.maximum(within.amax(1), blocks.amax(1))
    return block[:, 0] * _BLOCK + place, largest - next_largest


def error_of_leads(fast: torch.Tensor, exact: torch.Tensor) -> torch.Tensor:
    """Return the largest error of a lead among rows of fast logits, where exact ones are known.

    Both are (r, V), V at least 2. Leads over the fast second, and over what is the largest in
    truth.
    """
    first, second = fast.topk(2).indices.unbind(1)
    rows = torch.arange(len(fast), device=fast.device)
    error = fast.new_zeros(())
    for other in (second, exact.argmax(-1)):
        of_fast = fast[rows, first] - fast[rows, other]
        of_exact = exact[rows, first] - exact[rows, other]
        # Logits that are no numbers are so in both, and say nothing of the others.
        error = torch.maximum(error, (of_fast - of_exact).abs().nan_to_num(0, torch.inf).amax())
    return error
