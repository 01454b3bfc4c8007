"""Job lines: what a run says of its jobs, in words of a line's width.

A line has how far the run is, a step, what its jobs are of, and how long they took. Short jobs of
one step share one: what they have in common stands first, and then what each has of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

WIDTH = 110
"""The width of a line where no terminal says its own."""
_TAIL = 20_000  # bytes, from the end of a log


def of_jobs(jobs: Sequence[Mapping[str, str]]) -> str:
    """Return what jobs of one step are of, given the wildcards of each."""
    common = {
        name: value for name, value in jobs[0].items() if all(of.get(name) == value for of in jobs)
    }
    own = [" ".join(_words(name, of[name]) for name in of if name not in common) for of in jobs]
    parts = [" ".join(_words(name, value) for name, value in common.items())]
    return ": ".join(part for part in [*parts, ", ".join(filter(None, own))] if part)


def _words(name: str, value: str) -> str:
    return f"{name} {value}" if name == "layer" else value


def line(progress: str, step: str, of: str, took: str, left: str, width: int = WIDTH) -> str:
    """Return a line on jobs that are done; what does not fit is cut from what they are of."""
    head, tail = f"{progress}  {step:<20} ", f"  {took:>11}  {left:>14}"
    room = max(10, width - len(head) - len(tail))
    return f"{head}{cut(of, room):<{room}}{tail}".rstrip()


def cut(text: str, room: int) -> str:
    """Return a text that fits into so many characters; what tells jobs apart is at its end."""
    begins = room // 3
    return text if len(text) <= room else f"{text[:begins]}…{text[begins + 1 - room :]}"


def duration(seconds: float) -> str:
    """Return how long something took, to what a person wants to know."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def roughly(seconds: float) -> str:
    """Return how long something may yet take; nobody knows that to the second."""
    if seconds < 55:
        return f"{max(5, 5 * round(seconds / 5))} s left"
    minutes = max(1, round(seconds / 60))
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min left" if hours else f"{minutes} min left"


def said_last(log: Path) -> str:
    """Return the last words of a log; of a bar that was drawn again and again, the last state."""
    lines = [text.strip() for text in _end_of(log).replace("\r", "\n").splitlines()]
    return next((text for text in reversed(lines) if text), "")


def error_in(logs: Iterable[Path]) -> str:
    """Return the one line with which a command ended, from the first of its logs that has one."""
    for log in logs:
        lines = _end_of(log).replace("\r", "\n").splitlines()
        found = [text for text in lines if text.startswith("error: ")]
        if found:
            return found[-1].removeprefix("error: ")
    return ""


def _end_of(log: Path) -> str:
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
