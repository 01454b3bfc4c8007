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


def leads(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the largest logit's column, the second's, and by how much it leads, (r,) each.

    `logits` (r, V) are changed.
    """
    largest, first = logits.max(-1)
    logits.scatter_(1, first[:, None], -torch.inf)
    next_largest, second = logits.max(-1)
    return first, second, largest - next_largest


def error_of_leads(fast: torch.Tensor, exact: torch.Tensor) -> torch.Tensor:
    """Return the largest error of a lead among rows of fast logits, where exact ones are known.

    Both are (r, V). Leads over the fast second, and over what is the largest in truth.
    """
    truly = exact.argmax(-1)
    first, second, _ = leads(fast.clone())
    rows = torch.arange(len(fast), device=fast.device)
    error = fast.new_zeros(())
    for other in (second, truly):
        of_fast = fast[rows, first] - fast[rows, other]
        of_exact = exact[rows, first] - exact[rows, other]
        error = torch.maximum(error, (of_fast - of_exact).abs().amax())
    return error
