"""Facts about downloading one file, and a treebank's, from a server on the loopback."""

import csv
import gzip

import pytest

from tests.support.downloading import HURRIED, command, ended, names, size, started, wait_until
from tests.support.loopback import Answer, Cut, Page, Stall, git_hash, web_server
from workflow_scripts.files.download import (
    DownloadError,
    download,
    hash_like,
)
from workflow_scripts.treebanks import fetch_treebank

CONTENT = b"".join(b"%d\tword\n" % i for i in range(30_000))  # several pieces of a download


def test_the_pinned_hashes_are_those_of_the_shared_treebanks(shared):
    pins = shared / "ud_r2.16_files.csv"
    with pins.open() as file:
        files = [
            (shared / "treebanks" / row["treebank"] / row["file"], row["git_blob_sha1"])
            for row in csv.DictReader(file)
        ]
    here = [(path, sha1) for path, sha1 in files if path.exists()]
    assert here
    for path, sha1 in here:
        assert hash_like(sha1, path) == sha1


def test_every_file_of_the_command_arrives_at_its_path(server, tmp_path):
    contents = {f"tr_imst-ud-{split}.conllu": split.encode() * 9 for split in ("train", "test")}
    options = ["--repository", "UD_Turkish-IMST", "--release", "r2.16"]
    options += ["--base", f"{server.url}/ud/"]
    for name, content in contents.items():
        server.pages[f"/ud/UD_Turkish-IMST/r2.16/{name}"] = Page(content)
        options += ["--file", name, git_hash(content), str(tmp_path / "tur" / name)]
    fetch_treebank.main(fetch_treebank.arguments().parse_args(options))
    assert names(tmp_path / "tur") == sorted(contents)
    assert all((tmp_path / "tur" / name).read_bytes() == contents[name] for name in contents)


def test_other_bytes_are_not_kept_and_the_error_has_both_hashes(server, tmp_path):
    server.pages["/ud/UD_X/r1/a.conllu"] = Page(b"# not the one that was pinned\n")
    expected, got = git_hash(b"pinned\n"), git_hash(b"# not the one that was pinned\n")
    path = tmp_path / "data" / "a.conllu"
    done = command(
        "treebanks.fetch_treebank",
        *("--repository", "UD_X", "--release", "r1", "--base", f"{server.url}/ud"),
        *("--file", "a.conllu", expected, path),
        folder=tmp_path,
    )
    assert done.returncode == 1
    error = done.stderr.splitlines()[-1]
    assert error.startswith("error: ")
    assert expected in error
    assert got in error
    assert f"{server.url}/ud/UD_X/r1/a.conllu" in error
    assert names(path.parent) == []


def test_a_hash_that_is_none_is_refused_before_anything_is_asked(server, tmp_path):
    options = ["--repository", "UD_X", "--release", "r1", "--base", server.url]
    options += ["--file", "a.conllu", "abc", str(tmp_path / "a.conllu")]
    with pytest.raises(ValueError, match=r"a\.conllu: 'abc'"):
        fetch_treebank.main(fetch_treebank.arguments().parse_args(options))
    assert server.requests == []


@pytest.mark.parametrize("option", ["--stall", "--attempts"])
def test_patience_of_nothing_is_refused(option, capsys):
    with pytest.raises(SystemExit):
        fetch_treebank.arguments().parse_args([option, "0"])
    assert f"{option}: '0' is not a number from 1" in capsys.readouterr().err


def test_a_file_that_is_here_is_not_asked_for(server, tmp_path):
    (tmp_path / "a").write_bytes(CONTENT)
    download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert server.requests == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_overloaded_is_asked_again(server, tmp_path, status):
    server.pages["/a"] = Page(CONTENT, faults=[Answer(status), Answer(status)])
    download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert [r.status for r in server.requests] == [status, status, 200]


def test_a_server_that_names_a_wait_is_given_it(server, tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr("time.sleep", waits.append)
    server.pages["/a"] = Page(CONTENT, faults=[Answer(503, {"Retry-After": "7"}), Answer(503)])
    download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert waits[0] == 7
    assert waits[1] < 1


def test_a_missing_file_is_asked_for_once(server, tmp_path):
    with pytest.raises(DownloadError, match=r"/a: 404"):
        download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert len(server.requests) == 1
    assert names(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Cut(100_000), Stall(100_000)])
def test_a_broken_download_goes_on_where_it_broke(server, tmp_path, fault):
    server.pages["/a"] = Page(CONTENT, faults=[fault])
    download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert (tmp_path / "a").read_bytes() == CONTENT
    first, second = server.requests
    assert second.status == 206
    # Less than the whole came twice: the last, incomplete piece at most.
    assert len(CONTENT) <= first.sent + second.sent < len(CONTENT) + (1 << 16)


def test_without_ranges_a_broken_download_starts_over(server, tmp_path):
    server.pages["/a"] = Page(CONTENT, faults=[Cut(100_000)], ranges=False)
    download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert [r.status for r in server.requests] == [200, 200]


def test_two_versions_of_a_file_are_not_joined(server, tmp_path):
    page = server.pages["/a"] = Page(CONTENT[::-1], faults=[Cut(100_000)])
    with pytest.MonkeyPatch.context() as patch:  # while the command waits for its second attempt
        patch.setattr("time.sleep", lambda _: setattr(page, "content", CONTENT))
        download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert (tmp_path / "a").read_bytes() == CONTENT


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Cut(70_000), Stall(70_000)])
def test_patience_ends_with_what_has_come_for_the_next_run(server, tmp_path, fault):
    page = server.pages["/a"] = Page(CONTENT, faults=[fault] * 9, ranges=False)
    with pytest.raises(DownloadError, match="/a: "):
        download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert len(server.requests) == HURRIED.attempts
    assert names(tmp_path) == [".a.part"]
    page.faults, page.ranges = [], True
    download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert server.requests[-1].status == 206
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_patience_is_for_connections_that_bring_nothing_new(server, tmp_path):
    server.pages["/a"] = Page(CONTENT, faults=[Cut(40_000)] * 7)
    download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert len(server.requests) == 8 > HURRIED.attempts


def test_a_server_that_does_not_answer_is_one_clear_error(tmp_path):
    with web_server() as gone:
        url = gone.url
    with pytest.raises(DownloadError, match=f"{url}/a: "):
        download(f"{url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert names(tmp_path) == []


# ---- servers that lie


def fetched(server, tmp_path, *faults):
    """Download CONTENT after some faults; return the status codes of the answers."""
    server.pages["/a"] = Page(CONTENT, faults=list(faults))
    download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert names(tmp_path) == ["a"]
    return [request.status for request in server.requests]


def test_a_length_above_the_body_is_found_out(server, tmp_path):
    longer = {"Content-Length": str(len(CONTENT) + 999)}
    assert fetched(server, tmp_path, Answer(200, longer, CONTENT)) == [200, 206]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, {"Content-Length": "5000"}, CONTENT),
        Answer(206, {"Content-Range": f"bytes 0-4999/{len(CONTENT)}"}, CONTENT[:5000]),
    ],
    ids=["length", "range"],
)
def test_less_than_the_body_is_taken_for_no_whole_file(server, tmp_path, answer):
    server.pages["/a"] = Page(CONTENT, faults=[answer])
    with pytest.raises(DownloadError, match=git_hash(CONTENT[:5000])):
        download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert names(tmp_path) == []


def test_another_range_than_asked_is_not_joined(server, tmp_path):
    beside = Answer(206, {"Content-Range": f"bytes 7-{len(CONTENT) - 1}/{len(CONTENT)}"}, CONTENT)
    assert fetched(server, tmp_path, Cut(50_000), beside) == [200, 206, 200]


def test_pieces_of_other_bytes_are_given_up_for_the_whole(server, tmp_path):
    longer = {"Content-Length": str(len(CONTENT))}
    junk = Answer(200, longer, b"<html>" * 5000)
    assert fetched(server, tmp_path, junk) == [200, 206, 200]


def test_a_body_compressed_unasked_is_taken_for_what_it_says(server, tmp_path):
    body = gzip.compress(CONTENT)
    headers = {"Content-Encoding": "gzip", "Content-Length": str(len(body))}
    some = {"Content-Range": f"bytes 99-{len(body) - 1}/{len(body)}"}
    rest = Answer(206, headers | some, body[99:])
    assert fetched(server, tmp_path, Answer(200, headers, body[:40_000]), rest)[-1] == 200


def test_a_file_goes_on_behind_a_redirect(server, store, tmp_path):
    store.pages["/b"] = Page(CONTENT, faults=[Cut(100_000)])
    server.pages["/a"] = Page(b"", {"Location": f"{store.url}/b"}, status=302)
    download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert [r.status for r in store.requests] == [200, 206]


@pytest.mark.parametrize("to", ["/a", "file:///etc/hostname"])
def test_a_redirect_to_nowhere_is_one_clear_error(server, tmp_path, to):
    server.pages["/a"] = Page(b"", {"Location": to}, status=302)
    with pytest.raises(DownloadError, match=f"{server.url}/a: "):
        download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert names(tmp_path) == []


@pytest.mark.parametrize("fault", [Answer(403), Answer(503), Cut(9), "gone"])
def test_what_opens_a_redirected_file_is_in_no_message(server, store, tmp_path, caplog, fault):
    store.pages["/b"] = Page(CONTENT, faults=[fault] * 9, ranges=False)
    if fault == "gone":
        store.shutdown()
        store.server_close()
    server.pages["/a"] = Page(b"", {"Location": f"{store.url}/b?Signature=secret"}, status=302)
    with pytest.raises(DownloadError, match=f"{server.url}/a: ") as error:
        download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert "secret" not in str(error.value) + caplog.text
    assert ("/b?…" in caplog.text) == (fault == "gone")


# ---- what is in the folder


@pytest.mark.parametrize(
    ("left", "statuses"),
    [
        (b"", [200]),
        (CONTENT[:9000], [206]),
        (CONTENT, [416]),  # killed before the file had its name
        (CONTENT * 2, [416, 200]),
        (b"of another pin", [206, 200]),
    ],
    ids=["nothing", "half", "whole", "more", "other bytes"],
)
def test_what_an_earlier_run_left_is_gone_on_from_and_checked(server, tmp_path, left, statuses):
    (tmp_path / ".a.part").write_bytes(left)
    assert fetched(server, tmp_path) == statuses


def test_other_bytes_take_with_them_what_an_earlier_run_left(server, tmp_path):
    (tmp_path / ".a.part").write_bytes(CONTENT[:9000])
    server.pages["/a"] = Page(CONTENT[::-1])
    with pytest.raises(DownloadError, match=git_hash(CONTENT[::-1])):
        download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert names(tmp_path) == []


def test_a_link_in_the_folder_is_not_written_through(server, tmp_path):
    server.pages["/a"] = Page(CONTENT)
    (tmp_path / "other").write_bytes(b"mine")
    for name in (".a.part", "a"):
        (tmp_path / name).symlink_to(tmp_path / "other")
    download(f"{server.url}/a", tmp_path / "a", git_hash(CONTENT), HURRIED)
    assert (tmp_path / "other").read_bytes() == b"mine"
    assert (tmp_path / "a").read_bytes() == CONTENT


# ---- processes


def treebank_options(server, path):
    return [
        *("--repository", "UD_X", "--release", "r1", "--base", server.url, "--stall", "1"),
        *("--file", "a.conllu", git_hash(CONTENT), path),
    ]


def test_a_killed_command_leaves_no_file_and_the_next_goes_on(server, tmp_path):
    page = server.pages["/UD_X/r1/a.conllu"] = Page(CONTENT, faults=[Stall(100_000)] * 9)
    path = tmp_path / "data" / "a.conllu"
    process = started("treebanks.fetch_treebank", *treebank_options(server, path), folder=tmp_path)
    wait_until(lambda: size(path.with_name(".a.conllu.part")) > 50_000)
    process.kill()
    ended(process)
    assert names(path.parent) == [".a.conllu.lock", ".a.conllu.part"]
    page.faults.clear()
    done = command("treebanks.fetch_treebank", *treebank_options(server, path), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert server.requests[-1].status == 206
    assert path.read_bytes() == CONTENT
    assert names(path.parent) == ["a.conllu"]


def test_two_commands_at_once_download_once_and_show_how_far(server, tmp_path):
    server.pages["/UD_X/r1/a.conllu"] = Page(CONTENT, faults=[Stall(100_000)])
    path = tmp_path / "a.conllu"
    options = treebank_options(server, path)
    first = started("treebanks.fetch_treebank", *options, folder=tmp_path)
    wait_until(lambda: server.requests != [])
    second = ended(started("treebanks.fetch_treebank", *options, folder=tmp_path))
    first = ended(first)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert [r.status for r in server.requests] == [200, 206]
    assert "a.conllu: 100%|" in first.stderr
    assert "waiting" in second.stderr
    assert path.read_bytes() == CONTENT
