"""Holm's adjustment of p for tests that were made together (Holm 1979)."""


def holm(p: list[float]) -> list[float]:
    """Return the adjusted p, in the order of `p`; all must be numbers."""
    from statsmodels.stats.multitest import multipletests

    return multipletests(p, method="holm")[1].tolist() if p else []
