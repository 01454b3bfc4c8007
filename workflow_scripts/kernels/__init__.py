"""Kernels: the study's arithmetic, on arrays alone: no paths, no configuration, no Snakemake."""
