"""Editions and results at a URL: an S3 server on loopback, and files that are not what was released."""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import fsspec
import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.integrity import read_manifest, verify_edition
from mriprivacy.challenge.edition.public import EditionError, open_edition
from mriprivacy.challenge.entry.entry_file import write_entry
from mriprivacy.challenge.settings.remote import fetch_edition, here, send
from mriprivacy.data_prep.formats.manifest import CONTENT, encoding
from mriprivacy.scoring.errors import UserError
from tests.helpers.board_entries import made_up
from tests.helpers.engine import ENGINE_WORDS


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """An S3 server on loopback; the URL of a bucket."""
    from moto.server import ThreadedMotoServer

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = ThreadedMotoServer("127.0.0.1", port, verbose=False)
    server.start()
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    fsspec.filesystem("s3", use_listings_cache=False).mkdir("bucket")
    yield "s3://bucket"
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
    server.stop()


@pytest.mark.slow
def test_a_challenge_whose_edition_and_entries_lie_in_s3(
    s3: str, tiny_edition_folder: Path, attack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    send(tiny_edition_folder, f"{s3}/edition")
    send(attack, f"{s3}/sent")
    cache = f"cache={tmp_path}/cache"
    assert main(["check", f"edition={s3}/edition", f"submission={s3}/sent"]) == 0
    words = [f"edition={s3}/edition", f"submission={s3}/sent", f"output={s3}/entries", cache]
    assert main(["evaluate", *words, *ENGINE_WORDS]) == 0
    assert f"{s3}/entries: written" in capsys.readouterr().out
    assert main(["rank", f"entries={s3}/entries", f"output={s3}/board"]) == 0
    there = fsspec.filesystem("s3", use_listings_cache=False)
    (entry,) = there.find("bucket/entries")
    local = tmp_path / "local"
    assert (
        main(["evaluate", f"edition={tiny_edition_folder}", f"submission={attack}", f"output={local}", cache])
        == 0
    )
    same = [json.loads(text) for text in (there.cat(entry), next(local.rglob("*.json")).read_bytes())]
    for one in same:
        del one["seconds"]
    assert same[0] == same[1]
    assert "LEADERBOARD.md" in {name.rpartition("/")[2] for name in there.find("bucket/board")}
    # Only what is public stays, by content.
    kept = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert {path.parent.name for path in kept} == {"objects"}
    manifest = read_manifest(tiny_edition_folder / "public/MANIFEST.sha256", "MANIFEST.sha256")
    released = {digest + encoding(name) for name, digest in manifest.items()}
    assert {path.name for path in (tmp_path / "cache/objects").iterdir()} == released


@pytest.fixture
def memory(tiny_edition_folder: Path) -> Iterator[str]:
    send(tiny_edition_folder, "memory://edition")
    yield "memory://edition"
    fsspec.filesystem("memory").rm("/edition", recursive=True)


def test_a_file_is_fetched_once(
    memory: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetched: list[str] = []
    kind = type(fsspec.filesystem("memory"))
    get = kind.get_file

    def noted(self: Any, path: str, *rest: Any, **options: Any) -> Any:
        fetched.append(path)
        return get(self, path, *rest, **options)

    monkeypatch.setattr(kind, "get_file", noted)
    first = fetch_edition(memory, tmp_path / "one", tmp_path / "cache", sealed=True)
    assert verify_edition(first) == ()
    n = len(fetched)
    fetch_edition(memory + "/public", tmp_path / "two", tmp_path / "cache")
    assert fetched[n:] == ["/edition/public/MANIFEST.sha256"]
    assert open_edition(tmp_path / "two").hash == open_edition(first).hash
    assert main(["verify", f"edition={memory}"]) == 0
    assert "public files only" in capsys.readouterr().out
    assert not (tmp_path / "two" / "sealed").exists()


@pytest.mark.parametrize("name", ["public/eval/trials.tsv", "sealed/brain_masks"])
def test_a_file_that_was_changed_on_the_way_is_not_taken(memory: str, name: str, tmp_path: Path) -> None:
    there = fsspec.filesystem("memory")
    path = there.find(f"/edition/{name}")[0]
    there.pipe(path, there.cat(path) + b"x")
    with pytest.raises(EditionError, match="is not the file that was released"):
        fetch_edition(memory, tmp_path / "out", tmp_path / "cache", sealed=True)
    assert not list((tmp_path / "cache").rglob("new-*"))


def test_a_board_that_some_entries_are_left_out_of_is_sent_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_entry(tmp_path / "entries", made_up(0))
    (tmp_path / "entries" / "x.json").write_text("{}")
    assert main(["rank", f"entries={tmp_path / 'entries'}", "output=memory://board"]) == 2
    there = fsspec.filesystem("memory")
    assert "team/defacing-system-000" in there.cat("/board/LEADERBOARD.md").decode()
    assert there.exists("/board/site/index.html")
    assert "x.json: edition is missing" in capsys.readouterr().err
    there.rm("/board", recursive=True)


def test_a_list_cannot_write_elsewhere(memory: str, tmp_path: Path) -> None:
    there = fsspec.filesystem("memory")
    for name in ("../../evil", "/evil", "a/../../evil", ".hidden"):
        there.pipe("/edition/public/MANIFEST.sha256", f"{CONTENT}\n{'0' * 64}  {name}\n".encode())
        with pytest.raises(EditionError, match="is no name for a file of an edition"):
            fetch_edition(memory, tmp_path / "out", tmp_path / "cache")


def test_what_cannot_be_at_a_url_is_named(
    memory: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = [f"edition={memory}", f"submission={memory}", f"output={tmp_path}", "record=memory://log"]
    assert main(["evaluate", *words]) == 2
    assert "record: a URL; expected a folder or file of this machine" in capsys.readouterr().err
    assert main(["lock", f"edition={memory}", "recipients=[age1]"]) == 2
    assert "edition: a URL" in capsys.readouterr().err
    assert main(["build", "cohort.root=memory://c", "seed=1", f"output={tmp_path}/e"]) == 2
    assert "cohort.root: a URL" in capsys.readouterr().err
    assert main(["check", "edition=memory://nowhere", "submission=x"]) == 2
    assert "memory://nowhere: no edition here; expected MANIFEST.sha256" in capsys.readouterr().err
    assert main(["check", "edition=nosuch://x", "submission=x"]) == 2
    assert "nosuch" in capsys.readouterr().err


def test_an_output_that_is_there_is_not_overwritten_and_work_resumes(memory: str) -> None:
    from mriprivacy.challenge.commands.build import BuildSettings

    with (
        pytest.raises(ValueError, match="something is there already"),
        here("build", BuildSettings(output=memory)),
    ):
        raise AssertionError
    places = []
    for end in (KeyboardInterrupt, None):
        settings = BuildSettings(output="memory://new", seed=1)
        try:
            with here("build", settings):
                place = Path(settings.output)
                places.append(place)
                (place.parent / ".out.partial-x").mkdir(exist_ok=True)
                if end:
                    raise end
                place.mkdir()
                (place / "a.txt").write_text("whole")
                shutil.rmtree(place.parent / ".out.partial-x")
        except KeyboardInterrupt:
            assert (place.parent / ".out.partial-x").exists()
    assert places[0] == places[1]
    assert fsspec.filesystem("memory").cat("/new/a.txt") == b"whole"
    assert not places[0].parent.exists()


def test_what_could_not_be_sent_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours of work, and where a build is sent, its key."""
    from mriprivacy.challenge.commands.build import BuildSettings

    kind = type(fsspec.filesystem("memory"))
    monkeypatch.setattr(kind, "put_file", Mock(side_effect=OSError("gone")))
    settings = BuildSettings(output="memory://unsent", seed=1)
    place = here("build", settings)
    place.__enter__()
    Path(settings.output, "sealed").mkdir(parents=True)
    Path(settings.output, "sealed", "nonce").write_text("only one")
    with pytest.raises(UserError, match="the whole is kept in") as caught:
        place.__exit__(None, None, None)
    kept = Path(caught.value.problems[-1].partition("kept in ")[2].partition(":")[0])
    assert (kept / "sealed" / "nonce").read_text() == "only one"
    assert not Path(settings.output).exists()
