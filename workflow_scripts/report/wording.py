"""Wording: tables, numbers and names as sentences say them."""

from collections import Counter
from collections.abc import Collection, Mapping

import polars as pl

from workflow_scripts.report.verdicts import Comparisons, Named

NAMED = 6
"""How many configurations a sentence names before it says how many more there are."""


def rows_of(tables: Mapping[str, pl.DataFrame], name: str) -> pl.DataFrame | None:
    """Return a table; None where it is missing or empty."""
    table = tables.get(name)
    return None if table is None or table.is_empty() else table


def names_of(of: Collection[Named]) -> str:
    """Return configurations by name, and how many more there are."""
    first = [f"{m} · {t} · {a} · layer {layer}" for m, t, a, layer in list(of)[:NAMED]]
    return "; ".join(first) + (f"; and {len(of) - NAMED} more" if len(of) > NAMED else "")


def configurations(n: int) -> str:
    return f"{n} configuration{'' if n == 1 else 's'}"


def readable_ones(n: int) -> str:
    return f"{n} readable configuration{'' if n == 1 else 's'}"


def listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def percent(share: float, digits: int = 1) -> str:
    return f"{share * 100:.{digits}f} %"


def from_to(numbers: pl.Series, form: str = "") -> str:
    """Return whole numbers in words: `10 to 150`, or `150` where they are equal."""
    least, most = numbers.min(), numbers.max()
    return f"{most:{form}}" if least == most else f"{least:{form}} to {most:{form}}"


def less(difference: float) -> str:
    """Return how much less an accuracy is: `4.2 points less`."""
    return f"{abs(difference) * 100:.1f} points {'less' if difference >= 0 else 'more'}"


def points(difference: float) -> str:
    """Return a difference of accuracies in words: `4.2 points above`."""
    size = f"{abs(difference) * 100:.1f} points"
    return f"{size} {'above' if difference >= 0 else 'below'}"


def best_of(comparisons: Collection[Comparisons]) -> str:
    """Return the best rankings with their counts: `linear-ttb in 3 (clearly in 1) and …`."""
    best = Counter(one for pairs in comparisons for one in pairs.best)
    clearly = Counter(pairs.clearly_best for pairs in comparisons)
    ordered = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    text = listed([f"{one} in {count} (clearly in {clearly[one]})" for one, count in ordered])
    return text + (" (equals count for each)" if best.total() > len(comparisons) else "")
