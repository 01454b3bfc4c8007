"""Terminal: what a person sees of a run, a line a job, and errors last.

Snakemake's own log has a paragraph a job. It is kept, whole, in `.snakemake/log`, and the terminal
has it too where a run asks for more (`--printshellcmds`, `--verbose`), for less (`--quiet`), or for
another (`--logger`), and where nothing is run (`-n`). Otherwise this one takes the place of its
handler for the terminal.

It is none of Snakemake's logger plugins: these are found only where they are installed, and a study
is run from a clone. Of those that there are, `rich` says neither how long a job took nor what is
left, and shows no job at all where there is no terminal.
"""

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

from tqdm import tqdm

from workflow_scripts.command.line import TOO_LITTLE
from workflow_scripts.study import snakemake_internals as internals
from workflow_scripts.study.job_lines import (
    WIDTH,
    duration,
    error_in,
    line,
    of_jobs,
    roughly,
    said_last,
)
from workflow_scripts.study.steps import ONE_DIRECTION, STEPS
from workflow_scripts.study.targets import Targets
from workflow_scripts.study.time_left import TimeLeft

_SHORT = 3.0
"""Seconds: a shorter job waits as long for others of its step, to share a line with them."""
_LONG = 60.0
"""Seconds after which a job that runs on is named; then after twice as many, and so on."""

_READ = re.compile("Nothing to be done|Will exit|Creating conda env|Downloading and inst|Pulling ")
"""What a person wants to know of what Snakemake says in passing."""
_OWN_ERROR = re.compile(r"WorkflowError:\n\s*(configuration: [^\n]+)")
"""An error of the study's own that words gave rise to, in what Snakemake makes of it."""
_INTERRUPTED = "Terminating processes on user request"
"""How it begins to say that Ctrl-C has ended the run; after that jobs fail that were stopped."""


@dataclass
class _Job:
    step: str
    of: dict[str, str]
    log: list[str]
    began: float
    ended: float = 0.0
    says_again: float = _LONG

    @property
    def name(self) -> str:
        return f"{self.step} {of_jobs([self.of])}".rstrip()


@dataclass
class _Failure:
    name: str
    error: str
    logs: list[str]


class Terminal(logging.Handler):
    """Snakemake's log as a person reads it; before a run begins, as Snakemake writes it."""

    def __init__(
        self,
        snakemakes: logging.StreamHandler,
        planned: Callable[[], Iterable[tuple[int, str]]],
        is_whole: Callable[[], bool],
        project: Path,
        attributes: Mapping[str, str] | None = None,
    ):
        """Take the place of a handler.

        `planned()` gives number and rule of each job that is to run, `is_whole()` whether no others
        follow from what these find; what is logged from below `project` is the study's own word.
        `attributes` has the names of attributes that paths spell in another way.
        """
        super().__init__(snakemakes.level)
        self.name = "Terminal"
        self._snakemakes, self._stream = snakemakes, snakemakes.stream
        self._planned, self._is_whole, self._project = planned, is_whole, str(project)
        self._attributes = attributes or {}
        self._is_running, self._said_failures, self._is_interrupted = False, False, False
        self._running: dict[int, _Job] = {}
        self._held: dict[str, list[_Job]] = {}
        self._failures: dict[int, _Failure] = {}
        self._just_done: set[int] = set()
        self._exits: list[str] = []  # what Snakemake says of commands that failed
        self._total, self._is_open = -1, False
        self._time_left = TimeLeft()
        self._began = time.monotonic()
        self._bar: tqdm | None = None
        self._ends = threading.Event()

    @classmethod
    def of(cls, workflow: Any, targets: Targets) -> "Terminal | None":
        """Take the terminal of a run; None where Snakemake's own log stays."""
        theirs = internals.log_for_the_terminal(workflow)
        if theirs is None:
            return None
        jobs = partial(internals.jobs_left, workflow)
        ours = cls(
            theirs,
            jobs,
            lambda: not targets.is_more_to_come(),
            Path(workflow.basedir),
            targets.own_attributes,
        )
        internals.replace_log(theirs, by=ours)
        return ours

    def emit(self, record: logging.LogRecord) -> None:
        """Say what a record is about, if it is for the terminal."""
        event = str(getattr(record, "event", None) or "")
        if record.levelno >= logging.ERROR and (own := _OWN_ERROR.search(str(record.msg))):
            self._flush()
            self._close_bar()
            self._write(f"error: {own[1]}")
            return
        if not self._is_running:
            if event == "workflow_started":
                self._is_running = True
                threading.Thread(target=self._tick, daemon=True).start()
            else:
                self._snakemakes.handle(record)
            return
        handle = getattr(self, f"_on_{event}", None)
        if handle:
            handle(record)
        elif record.levelno >= logging.ERROR:
            self._on_error(record)
        elif str(record.msg).startswith(_INTERRUPTED):
            self._on_interrupt()
        elif record.levelno >= logging.WARNING or self._is_for_a_person(record):
            self._flush()
            self._write(str(record.msg))

    def finish(self) -> None:
        """Say what was still held back, and leave the terminal to others."""
        with self.lock:  # type: ignore[union-attr]
            self._flush()
            self._close_bar()
            if self._time_left.done and self._is_running:
                took = duration(time.monotonic() - self._began)
                self._write(f"{_jobs(self._time_left.done)} done in {took}")

    def close(self) -> None:
        """End; failures are the last words in any case."""
        self._ends.set()
        with self.lock:  # type: ignore[union-attr]
            self._flush()
            self._close_bar()
            self._say_failures()
        super().close()

    # Events, by Snakemake's names for them.

    def _on_run_info(self, record: logging.LogRecord) -> None:
        self._plan()
        jobs = _jobs(self._time_left.total)
        self._write(jobs + ", and those that follow from the words" * self._is_open)

    def _on_job_info(self, record: logging.LogRecord) -> None:
        said: Any = record
        step = said.rule_name.removesuffix(ONE_DIRECTION)
        if step in STEPS:
            of = dict(said.wildcards)
            if "attribute" in of:
                of["attribute"] = self._attributes.get(of["attribute"], of["attribute"])
            self._running[said.jobid] = _Job(step, of, list(said.log), time.monotonic())

    def _on_job_finished(self, record: logging.LogRecord) -> None:
        number = record.job_id  # type: ignore[attr-defined]
        self._failures.pop(number, None)  # it was tried again
        self._just_done.add(number)
        job = self._running.pop(number, None)
        if job:
            job.ended = time.monotonic()
            self._time_left.add(job.step, job.began, job.ended)
            self._held.setdefault(job.step, []).append(job)

    def _on_progress(self, record: logging.LogRecord) -> None:
        if record.total != self._total or self._is_open:  # type: ignore[attr-defined]
            self._total = record.total  # type: ignore[attr-defined]
            self._plan()
        self._just_done.clear()
        self._flush(only_old=True)
        self._draw()

    def _on_job_error(self, record: logging.LogRecord) -> None:
        said: Any = record
        if self._is_interrupted:
            return
        job = self._running.pop(said.jobid, None)
        if job is None:
            job = _Job(said.rule_name, {}, list(said.log), time.monotonic())
        error = error_in(map(Path, said.log)) or self._without_a_word(job, said.shellcmd or "")
        self._failures[said.jobid] = _Failure(job.name, error, list(said.log))
        self._flush()
        self._write(f"failed: {job.name}, after {duration(time.monotonic() - job.began)}")

    def _on_error(self, record: logging.LogRecord) -> None:
        text = str(record.msg)
        if "exit status" in text or "died with" in text:
            self._exits.append(text)  # which command it was, its job's own record says
        elif "Exiting because a job execution failed" in text:
            return
        else:
            self._flush()
            self._close_bar()
            if "At least one job did not complete successfully" in text:
                self._say_failures()
            else:
                self._write(text)

    def _on_interrupt(self) -> None:
        self._is_interrupted = True
        self._flush()
        self._close_bar()
        self._ends.set()  # no bar again
        running = "; ".join(job.name for job in self._running.values())
        again = f"; what was running is made again: {running}" if running else ""
        self._write(f"interrupted: the same command goes on with what is left{again}")

    def _on_nothing(self, record: logging.LogRecord) -> None:
        """Say nothing: of this event no person reads."""

    _on_group_info = _on_group_error = _on_job_started = _on_nothing
    _on_resources_info = _on_shellcmd = _on_rulegraph = _on_nothing

    # What is said.

    def _is_for_a_person(self, record: logging.LogRecord) -> bool:
        # Packages may lie within the project too, in its `.venv`.
        is_ours = record.pathname.startswith(self._project) and "-packages" not in record.pathname
        return is_ours or bool(_READ.match(str(record.msg)))

    def _plan(self) -> None:
        """Count what remains: Snakemake has a job that has just ended among it."""
        rules = {number: rule.removesuffix(ONE_DIRECTION) for number, rule in self._planned()}
        for number in self._just_done:
            rules.pop(number, None)
        self._time_left.plan(rule for rule in rules.values() if rule in STEPS)
        self._is_open = not self._is_whole()

    def _flush(self, only_old: bool = False) -> None:
        """Write the lines of what is done; of short jobs only if they waited, if so asked."""
        now = time.monotonic()
        for step, jobs in list(self._held.items()):
            long = [job for job in jobs if job.ended - job.began >= _SHORT]
            short = [job for job in jobs if job.ended - job.began < _SHORT]
            shared = [] if only_old and short and now - short[0].ended < _SHORT else [short]
            for some in [*([job] for job in long), *filter(None, shared)]:
                self._write(self._line(step, some))
            if shared:
                del self._held[step]
            else:
                self._held[step] = short

    def _line(self, step: str, jobs: list[_Job]) -> str:
        seconds = sum(job.ended - job.began for job in jobs) / len(jobs)
        took = f"{len(jobs)} × " * (len(jobs) > 1) + duration(seconds)
        return line(
            self._progress(),
            step,
            of_jobs([job.of for job in jobs]),
            took,
            self._left(),
            width=min(get_terminal_size().columns, 120) if _has_cursor(self._stream) else WIDTH,
        )

    def _progress(self) -> str:
        done, total = self._time_left.done, str(self._time_left.total)
        return f"{done:>{len(total)}} of {total}{'+' * self._is_open}"

    def _left(self) -> str:
        left = None if self._is_open else self._time_left.left(time.monotonic())
        return "" if left is None or not self._time_left.remaining.total() else roughly(left)

    def _without_a_word(self, job: _Job, command: str) -> str:
        """Return what became of a command that says no error itself."""
        exits = [text for text in self._exits if command.strip() and command.strip() in text]
        if exits and re.search(r"exit status 137\b|SIGKILL", exits[-1]):
            return f"killed, as happens without memory: {TOO_LITTLE}"
        last = said_last(Path(job.log[0])) if job.log else ""
        return last or "ended without a word"

    def _say_failures(self) -> None:
        if self._said_failures or not self._failures:
            return
        self._said_failures = True
        self._write("")
        for failure in self._failures.values():
            self._write(f"error: {failure.name}: {failure.error}")
            self._write(f"    log: {', '.join(failure.logs)}")

    def _write(self, text: str) -> None:
        if self._bar is not None:
            self._bar.write(text, file=self._stream)
        else:
            self._stream.write(f"{text}\n")
            self._stream.flush()

    # What a terminal shows of what is running.

    def _tick(self) -> None:
        while not self._ends.wait(1.0):
            with self.lock:  # type: ignore[union-attr]
                self._flush(only_old=True)
                self._draw()
                for job in self._running.values():
                    if self._bar is None and time.monotonic() - job.began >= job.says_again:
                        job.says_again *= 2
                        self._write(f"still running: {self._state(job)}")

    def _draw(self) -> None:
        if not _has_cursor(self._stream) or not self._running or self._ends.is_set():
            return
        if self._bar is None:
            self._bar = tqdm(
                file=self._stream,
                leave=False,
                dynamic_ncols=True,
                bar_format="{percentage:3.0f}%|{bar:20}| {desc}",
            )
        running = "; ".join(map(self._state, self._running.values()))
        self._bar.total, self._bar.n = self._time_left.total, self._time_left.done
        self._bar.set_description_str(f"{self._left() or 'running'}: {running}")

    def _state(self, job: _Job) -> str:
        """Return how far a running job is, as its log's bar says, and how long it runs."""
        share = re.findall(r"(\d+)%\|", said_last(Path(job.log[0]))) if job.log else []
        parts = [f"{share[-1]} %"] if share else []
        return f"{job.name} ({', '.join([*parts, duration(time.monotonic() - job.began)])})"

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _jobs(n: int) -> str:
    return f"{n} job{'' if n == 1 else 's'}"


def _has_cursor(stream: Any) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"
