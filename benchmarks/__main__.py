"""All benchmarks: kernels against their plain forms, peak memory, and start-up."""

import argparse

from benchmarks import (
    extraction,
    gaussian_probe,
    greedy,
    interventions,
    linear_probes,
    memory,
    startup,
)
from benchmarks.machine import describe
from benchmarks.measuring import table

KERNELS = (greedy, gaussian_probe, linear_probes, extraction, interventions)

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that they run")
    quick = parser.parse_args().quick
    print(describe(), end="\n\n", flush=True)
    print(table(row for kernel in KERNELS for row in kernel.measure(quick)), end="\n\n", flush=True)
    print(memory.table(quick), end="\n\n", flush=True)
    print(startup.table(quick))
