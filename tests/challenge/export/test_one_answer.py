"""One door, one answer: a wrong submission gets the same first line wherever it is sent."""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.export.codabench import codabench_run, forward
from mriprivacy.challenge.export.grand_challenge.grand_challenge_run import (
    JobPlaces,
    evaluate_input,
    make_server,
)
from mriprivacy.challenge.export.medperf import medperf_run
from mriprivacy.challenge.export.reference_data import write_reference
from mriprivacy.challenge.intake.bounded_lines import LONGEST
from mriprivacy.challenge.intake.submission import SubmissionError, received
from tests.helpers.hostile_descriptions import DESCRIPTIONS
from tests.helpers.hostile_scores import ATTACKS
from tests.helpers.scoring_service import Service, add_token, make_token, served, team_token


def outer(folder: Path) -> None:
    inner = folder.rename(folder.with_name("moved"))
    folder.mkdir()
    inner.rename(folder / "mine")


def with_file(name: str) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")

    return spoil


def many(folder: Path) -> None:
    for number in range(700):
        (folder / f"{number:03d}-{'x' * 90}").write_text("")


PLATFORMS: dict[str, Callable[[Path], object]] = {
    "the folder itself": outer,
    "notes of macOS": with_file("__MACOSX/._scores.tsv"),
    "a note of the Finder": with_file(".DS_Store"),
    "a scan": with_file("eval/mri.nii.gz"),
    "700 files": many,
    "two foreign folders": lambda folder: [with_file(f"{x}/{y}")(folder) for x in "ba" for y in "dc"],
}
# The zip of the forwarder has UTF-8 names alone. A phase names a wrong track before anything else.
OTHERS = (
    "a name that is no text",
    "networks of a defacer",
    *(f"a draw of {what}" for what in ("no name", "a number", "nothing", "itself")),
)
WRONG = PLATFORMS | {
    name: spoil for name, (spoil, _) in (ATTACKS | DESCRIPTIONS).items() if name not in OTHERS
}


@pytest.fixture(scope="module")
def reference(tiny_edition_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reference") / "ref"
    write_reference(tiny_edition_folder, "attack", folder)
    return folder


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "record"


@pytest.fixture(scope="module")
def service(tiny_edition_folder: Path, record: Path) -> Iterator[Service]:
    token = make_token(tiny_edition_folder, record, "codabench")
    with served(tiny_edition_folder, record, token) as running:
        yield running


@pytest.mark.parametrize(
    "name", [name if name in PLATFORMS else pytest.param(name, marks=pytest.mark.long) for name in WRONG]
)
def test_every_door_says_the_same_first(
    name: str,
    attack: Path,
    tiny_edition: Edition,
    reference: Path,
    service: Service,
    record: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    add_token(attack, team_token(record, "team"))
    WRONG[name](attack)
    archive = tmp_path / "x.zip"
    forward.pack(attack, archive)
    capsys.readouterr()

    def errors() -> list[str]:
        return capsys.readouterr().err.splitlines()

    with pytest.raises(SubmissionError) as refused, received(attack, tiny_edition):
        pass
    expected = refused.value.problems[0]
    with pytest.raises(SubmissionError) as refused, received(archive, tiny_edition):
        pass
    assert refused.value.problems[0] == expected
    for path in (attack, archive) if name in PLATFORMS else ():  # the command says the same
        words = [f"edition={tiny_edition.root}", f"submission={path}", "compute=sequential"]
        assert main(["check", *words]) == 2
        assert errors()[0] == f"mriprivacy: {expected}"

    (attack / "metadata").write_text("exitCode: null\n")  # a note of Codabench's worker
    words = [str(reference), str(attack), str(tmp_path / "scores.json"), "attack", "0.1", "deciding"]
    assert codabench_run.main(words) == 2
    told = errors()
    assert told[0] == expected
    assert len("\n".join(told)) <= LONGEST

    (tmp_path / "parameters.yaml").write_text('{"track": "attack", "step": 0.1, "columns": "deciding"}')
    mounts = [attack, reference, tmp_path / "parameters.yaml", tmp_path / "results.yaml"]
    assert medperf_run.main(["evaluate", *map(str, mounts)]) == 2
    assert errors()[0] == expected

    (attack / "inputs.json").write_text("[]")  # a list of grand-challenge's
    (tmp_path / "zipped").mkdir()
    archive.rename(tmp_path / "zipped" / "predictions.zip")
    for source in (attack, tmp_path / "zipped"):
        assert evaluate_input(JobPlaces("attack", source, tmp_path, reference)).status == 2
        (line,) = errors()
        assert line.startswith(expected)
        assert len(line) <= LONGEST

    forward.pack(attack, archive)
    answer = forward.ask(service.url, "attack", service.token, archive, time.monotonic() + 60)
    assert answer["state"] == "refused"
    assert answer["lines"][0] == expected
    assert len("\n".join(answer["lines"])) <= LONGEST


def test_the_mode_that_serves_says_it_too(
    attack: Path, reference: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In the body of the answer as well; the platform hands on the standard error alone."""
    ATTACKS["missing row"][0](attack)
    places = JobPlaces("attack", attack, tmp_path, reference)
    assert evaluate_input(places).status == 2
    (expected,) = capsys.readouterr().err.splitlines()
    server = make_server(places, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/invoke"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=60)
        assert refused.value.code == 422
        assert refused.value.read().decode() == expected
    finally:
        server.shutdown()
        thread.join(timeout=30)
        server.server_close()
