"""Beside the computation: reading ahead of it and writing behind it, in a thread each.

for portion in ahead(read(path)):       # the next portion is read meanwhile
    ...

with behind(file.write) as write:       # the last portion is written meanwhile
    for portion in portions:
        write(compute(portion))

One portion more is in memory, on either side. What fails in a thread is raised by the caller's
next step.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")

_END = object()


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items, in order, with the next one made in a thread beside the caller."""
    with ThreadPoolExecutor(1) as thread:
        made = iter(items)
        coming = thread.submit(next, made, _END)
        while (item := coming.result()) is not _END:
            coming = thread.submit(next, made, _END)
            yield item  # pyright: ignore[reportReturnType]


@contextmanager
def behind(write: Callable[..., None]) -> Iterator[Callable[..., None]]:
    """Yield a function that calls `write` in a thread, one call at a time, in order."""
    with ThreadPoolExecutor(1) as thread:
        last = thread.submit(lambda: None)

        def later(*portion) -> None:
            nonlocal last
            last.result()
            last = thread.submit(write, *portion)

        yield later
        last.result()
