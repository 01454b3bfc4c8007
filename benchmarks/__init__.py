"""Benchmarks: each kernel against its plain form, and against what the machine can do.

    python -m benchmarks                # all kernels, on real sizes
    python -m benchmarks.greedy         # one
    python -m benchmarks.gpu            # a card, on a machine with little installed
    python -m benchmarks --quick        # seconds: small sizes, to see that they run and agree

`memory`, `startup`, `planning` and `gpu` measure commands, plans and a card, and run by themselves.
Every other file measures one kernel: the plain form is the transcription that the tests hold the
kernel to, `machine` measures what a matrix product and a read of memory take here, in the same run,
and the limit is what the arithmetic and the memory of that kernel cost at those rates. Plain and
fast form run in turns, and medians are printed. Nothing here is timed by a test.
"""
