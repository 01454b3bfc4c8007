"""Kernels: the arithmetic of the study, on arrays alone. No paths, no configuration, no Snakemake."""
