"""What a person sees of a run: a line a job, short, errors last, and what the study found."""

import io
import json
import logging
import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.support.workflow import ROOT, SMALL, changed, jobs_in
from workflow_scripts.study.job_lines import duration, error_in, line, of_jobs, roughly, said_last
from workflow_scripts.study.terminal import Terminal
from workflow_scripts.study.time_left import TimeLeft

FEW = {
    "rankings": ["probeless", "random"],
    "probes": ["linear"],
    "interventions": [{"method": "translation", "beta": 8, "scaled": True, "step": 8}],
    "concord": False,
    "control": False,
}
"""A study of few jobs, of nearly every rule."""
NUMBER = {"model": "tiny", "treebank": "english", "attribute": "number", "layer": "1"}


def terminal_of(directory: Path, config: Path, *options: str) -> tuple[int, list[str]]:
    """Run Snakemake as a person does; return its status and the lines of its terminal."""
    command = [sys.executable, "-m", "snakemake", *options, "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(directory), "--cores", "2", "--configfile", str(config)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, cwd=directory
    )
    return done.returncode, done.stdout.decode().split("\n")


@pytest.mark.slow
def test_a_study_is_a_line_a_job_and_ends_in_its_findings(tmp_path):
    config = changed(SMALL, tmp_path / "few.yaml", **FEW)
    status, lines = terminal_of(tmp_path, config)
    assert status == 0, lines
    [log] = (tmp_path / ".snakemake/log").iterdir()
    jobs = len(jobs_in(log.read_text()))
    assert jobs > 40
    assert len(lines) < jobs + 15
    assert max(map(len, lines)) < 250  # the findings'; of jobs:
    of_jobs = [one for one in lines if re.match(r" *\d+ of \d+", one)]
    assert max(map(len, of_jobs)) <= 110
    assert all(re.search(r"\d (s|min)\b", one) for one in of_jobs)
    assert sum("left" in one for one in of_jobs) > len(of_jobs) / 2
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", "\n".join(lines))
    counted = [re.search(r"(\d+) × ", one) for one in of_jobs]
    assert sum(int(found[1]) if found else 1 for found in counted) == jobs
    assert f"{jobs} of {jobs}  " in "\n".join(lines)
    found = json.loads((tmp_path / "results/findings.json").read_text())
    headlines = [f"{one['title']}: {one['headline']}" for one in found["pitfalls"]]
    assert lines[-3:] == [*headlines, ""]
    assert "report: results/report.html" in lines
    assert log.read_text().count("    reason: ") > jobs  # Snakemake's own has all
    assert "--made-by" not in "\n".join(lines)
    # Again, nothing is left to do, and the findings are still what the study found.
    status, lines = terminal_of(tmp_path, config)
    assert (status, len(lines) < 12) == (0, True), lines
    assert "Nothing to be done" in "\n".join(lines)


@pytest.mark.slow
def test_an_error_is_last_and_short(tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    for split in ("train", "dev", "test"):
        (mine / f"mine-ud-{split}.conllu").write_text("1\tbad\n")
    config = changed(SMALL, tmp_path / "mine.yaml", treebanks={"mine": {"path": str(mine)}})
    status, lines = terminal_of(tmp_path, config)
    assert status == 1
    assert lines[-4:] == [
        "",
        f"error: read_words mine: {mine}/mine-ud-train.conllu:1: "
        "2 tab-separated columns, CoNLL-U has 10",
        "    log: results/logs/read_words/mine.log",
        "",
    ]
    assert len(lines) < 12, lines
    assert "Traceback" not in "\n".join(lines)


@pytest.mark.slow
def test_ctrl_c_is_answered_in_a_line(tmp_path):
    """As in a terminal: the interrupt reaches Snakemake and its jobs at once."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    command += ["--directory", str(tmp_path), "--cores", "2", "--configfile", str(SMALL)]
    pid, end = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execv(command[0], command)
    termios.tcsetwinsize(end, (40, 120))
    text = b""
    while b"train_model" not in text and (part := _read(end)):  # it is drawn as running
        text += part
    os.write(end, b"\x03")
    while part := _read(end):
        text += part
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 1
    shown = text.decode().rpartition("^C")[2]
    assert "interrupted: the same command goes on" in shown
    assert "made again: train_model tiny" in shown
    assert "error:" not in shown
    assert "failed:" not in shown
    assert "Traceback" not in shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux: nobody has the other end any more
        return b""


@pytest.mark.slow
def test_the_own_log_of_snakemake_is_an_option_away(tmp_path):
    status, lines = terminal_of(tmp_path, SMALL, "words", "--printshellcmds")
    assert status == 0
    assert "localrule read_words:" in lines
    assert any(one.startswith("keep_values: Number: ") for one in lines)
    status, lines = terminal_of(tmp_path, SMALL, "words", "--forceall", "--dry-run")
    assert "rule read_words:" in lines


# The handler alone, on records as Snakemake makes them.


def record(
    event: str | None, level: int = logging.INFO, text: str = "", **extra
) -> logging.LogRecord:
    made = logging.LogRecord("snakemake", level, "/x/snakemake/jobs.py", 1, text, None, None)
    vars(made).update({"event": event} | extra)
    return made


@pytest.fixture
def terminal():
    theirs = logging.StreamHandler(io.StringIO())
    planned = [(1, "rank_neurons"), (2, "rank_neurons_of_one_direction"), (0, "all")]
    names = {"mood_32_2": "Mood 2"}
    ours = Terminal(theirs, lambda: planned, lambda: True, Path("/x/project"), names)
    ours.handle(record("workflow_started"))
    ours.handle(record("run_info"))
    yield ours
    ours.close()


def begin(terminal: Terminal, number: int, log: Path, rule: str = "rank_neurons") -> None:
    extra = {"jobid": number, "rule_name": rule, "wildcards": NUMBER, "log": [str(log)]}
    terminal.handle(record("job_info", **extra))


def fail(terminal: Terminal, number: int, log: Path, command: str = "python -m it") -> None:
    extra = {"jobid": number, "rule_name": "rank_neurons", "log": [str(log)], "shellcmd": command}
    terminal.handle(record("job_error", logging.ERROR, **extra))


def said(terminal: Terminal) -> list[str]:
    return terminal._stream.getvalue().splitlines()


def test_a_killed_command_says_what_helps(terminal, tmp_path):
    log = tmp_path / "it.log"
    log.write_text("it: 3 words\n")
    begin(terminal, 1, log)
    text = "RuleException:\nCommand '...; python -m it' returned non-zero exit status 137."
    terminal.handle(record("error", logging.ERROR, text))
    fail(terminal, 1, log)
    terminal.handle(
        record("error", logging.ERROR, "At least one job did not complete successfully.")
    )
    assert said(terminal)[-2].startswith(
        "error: rank_neurons tiny english number layer 1: killed, as happens without memory: "
    )
    assert said(terminal)[-1] == f"    log: {log}"
    assert not any("RuleException" in one for one in said(terminal))


def test_a_configuration_that_the_words_refute_is_one_line(terminal):
    text = (
        "InputFunctionException in rule all:\nError:\n  WorkflowError:\n    configuration: a: b\n"
    )
    terminal.handle(record("error", logging.ERROR, f"{text}Wildcards:\n\nTraceback:\n  File"))
    assert said(terminal)[-1] == "error: configuration: a: b"
    assert not any("Traceback" in one for one in said(terminal))


def test_an_interrupt_is_said_with_what_is_made_again_and_no_failure(terminal, tmp_path):
    begin(terminal, 1, tmp_path / "no.log")
    terminal.handle(record(None, text="Terminating processes on user request, this might take"))
    fail(terminal, 1, tmp_path / "no.log")
    terminal.close()
    assert said(terminal)[-1] == (
        "interrupted: the same command goes on with what is left; what was running is made again: "
        "rank_neurons tiny english number layer 1"
    )


def test_an_attribute_of_ones_own_has_its_name(terminal, tmp_path):
    of = NUMBER | {"attribute": "mood_32_2"}
    extra = {"jobid": 1, "rule_name": "rank_neurons", "wildcards": of, "log": ["no.log"]}
    terminal.handle(record("job_info", **extra))
    terminal.handle(record("job_finished", job_id=1))
    terminal.finish()
    assert any("tiny english Mood 2 layer 1" in one for one in said(terminal))


def test_a_job_that_was_tried_again_has_not_failed(terminal, tmp_path):
    begin(terminal, 1, tmp_path / "no.log")
    fail(terminal, 1, tmp_path / "no.log")
    begin(terminal, 1, tmp_path / "no.log")
    terminal.handle(record("job_finished", job_id=1))
    terminal.handle(record("progress", done=1, total=3))
    terminal.close()
    assert not any(one.startswith("error: ") for one in said(terminal))
    assert said(terminal)[-1].startswith("1 of 2  rank_neurons")


def test_errors_are_said_where_a_run_ends_without_its_last_word(terminal, tmp_path):
    log = tmp_path / "it.log"
    log.write_text("error: a file is missing\n")
    begin(terminal, 1, log)
    fail(terminal, 1, log)
    terminal.close()
    assert said(terminal)[-2].endswith("layer 1: a file is missing")


def test_short_jobs_of_a_step_share_a_line(terminal, tmp_path):
    for number, rule in enumerate(("rank_neurons", "rank_neurons_of_one_direction"), 1):
        begin(terminal, number, tmp_path / "no.log", rule)
    for number in (1, 2):
        terminal.handle(record("job_finished", job_id=number))
        terminal.handle(record("progress", done=number, total=3))
    terminal.finish()
    of_jobs = [one for one in said(terminal) if " of " in one]
    assert len(of_jobs) == 1
    assert "2 × 0.0 s" in of_jobs[0]


def test_a_warning_and_the_studys_own_words_are_said_and_the_rest_is_not(terminal):
    own = record(None, text="1 configuration: tiny 1")
    own.pathname = "/x/project/workflow_scripts/study/targets.py"
    for one in (own, record(None, logging.WARNING, "beware"), record(None, text="Select jobs")):
        terminal.handle(one)
    assert said(terminal)[1:] == ["1 configuration: tiny 1", "beware"]


def test_jobs_are_named_by_what_tells_them_apart():
    one, other = NUMBER | {"ranker": "linear"}, NUMBER | {"ranker": "gaussian"}
    assert of_jobs([one]) == "tiny english number layer 1 linear"
    assert of_jobs([one, other]) == "tiny english number layer 1: linear, gaussian"
    assert of_jobs([{"table": "probing"}, {"table": "overlap"}]) == "probing, overlap"
    assert of_jobs([{}]) == ""
    long = line(" 1 of 99", "probe_rankings", "x" * 500, "2.0 s", "5 s left")
    assert len(long) == 110
    assert long.endswith("2.0 s        5 s left")


def test_times_are_as_a_person_says_them():
    assert [*map(duration, (0.04, 9.94, 12.4, 130, 7_260))] == [
        "0.0 s", "9.9 s", "12 s", "2 min 10 s", "2 h 01 min"
    ]  # fmt: skip
    assert [*map(roughly, (1, 42, 61, 7_300))] == [
        "5 s left", "40 s left", "1 min left", "2 h 02 min left"
    ]  # fmt: skip


def test_the_end_of_a_log_is_its_last_state(tmp_path):
    log = tmp_path / "it.log"
    log.write_text("it: begins\n\rwords: 10%|#\rwords: 55%|#####")
    assert said_last(log) == "words: 55%|#####"
    assert said_last(tmp_path / "none.log") == ""
    log.write_text("error: first\nmore\nerror: last\n")
    assert error_in([tmp_path / "none.log", log]) == "last"
    assert error_in([]) == ""


def test_what_is_left_follows_from_what_is_done():
    """Ten jobs of 2 s on two cores, and of ten more of a step none of which is done."""
    left = TimeLeft()
    left.plan(["a"] * 20 + ["b"] * 10)
    assert left.left(0.0) is None
    for i in range(10):
        left.add("a", 2.0 * (i // 2), 2.0 * (i // 2) + 2)
    assert left.total == 30
    assert left.left(10.0) == pytest.approx(20.0)  # 20 jobs of 2 s, two at a time
    left.add("b", 10.0, 20.0)
    assert left.left(20.0) == pytest.approx((10 * 2 + 9 * 10) * 20 / 30)
