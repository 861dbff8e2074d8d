"""The Codabench bundle without a key: what is in it, and what its program makes of the service's answers."""

import io
import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.export.codabench import forward
from mriprivacy.challenge.export.codabench.phase import Phase, image_of
from mriprivacy.challenge.submission_log.log import Limits, read_log
from tests.helpers.codabench_rules import bundle_problems
from tests.helpers.engine import ENGINE_WORDS
from tests.helpers.scoring_service import Service, add_token, make_token, served, team_token
from tests.helpers.tls_proxy import certificate, tls_proxy


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "record"


@pytest.fixture(scope="module")
def service(tiny_edition_folder: Path, record: Path) -> Iterator[Service]:
    with served(tiny_edition_folder, record, make_token(tiny_edition_folder, record, "codabench")) as running:
        yield running


def export(edition: Path, output: Path, *words: str) -> int:
    fixed = ["target=codabench", f"edition={edition}", f"output={output}", f"cache={output.parent / 'cache'}"]
    return main(["export", *fixed, *ENGINE_WORDS, *words])


@pytest.fixture(scope="module")
def bundle(service: Service, tiny_edition_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("forward") / "bundle.zip"
    words = ["track=attack", f"service={service.url}", f"token={service.token}"]
    assert export(tiny_edition_folder, path, *words) == 0
    return path


def parts(bundle: Path) -> dict[str, bytes]:
    """Return every file of a bundle, with those in its zips."""
    found: dict[str, bytes] = {}
    with zipfile.ZipFile(bundle) as outer:
        for name in outer.namelist():
            found[name] = outer.read(name)
            if name.endswith(".zip"):
                with zipfile.ZipFile(io.BytesIO(found[name])) as inner:
                    found |= {f"{name}/{one}": inner.read(one) for one in inner.namelist()}
    return found


def run_worker(
    bundle: Path, submission: Path, app: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the scoring program as Codabench's worker does, in a Python without any package."""
    with zipfile.ZipFile(io.BytesIO(parts(bundle)["scoring_program.zip"])) as program:
        program.extractall(app / "program")
    shutil.copytree(submission, app / "input" / "res", symlinks=True)
    (app / "input" / "res" / "metadata").write_text(f"exitCode: null\nelapsedTime: {os.urandom(4).hex()}\n")
    (app / "output").mkdir()
    command = yaml.safe_load((app / "program" / "metadata.yaml").read_text())["command"]
    python, *words = command.replace("/app", str(app)).split()
    assert python == "python3"
    return subprocess.run(
        [sys.executable, "-I", "-S", *words],
        env={"PATH": "/usr/bin:/bin", "no_proxy": "*", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_platform_would_accept_it(bundle: Path) -> None:
    assert bundle_problems(bundle) == []
    about = yaml.safe_load(parts(bundle)["competition.yaml"])
    assert "reference_data" not in about["tasks"][0]
    assert not about["title"].startswith("REHEARSAL")
    assert [column["key"] for column in about["leaderboards"][0]["columns"]] == ["auc"]


def test_a_stranger_finds_nothing_of_the_key_in_it(
    bundle: Path, tiny_edition_folder: Path, secrets: tuple[str, ...]
) -> None:
    """Every byte of the bundle, unpacked: neither rows of the sealed tables nor names nor the nonce."""
    files = parts(bundle)
    assert "reference_data.zip" not in files
    assert sorted(name for name in files if name.startswith("scoring_program.zip/")) == [
        f"scoring_program.zip/{name}" for name in ("forward.py", "metadata.yaml", "service.json")
    ]
    everything = b"\n".join(files.values())
    sealed = tiny_edition_folder / "sealed"
    rows = [
        line
        for name in ("key.tsv", "attributes.tsv", "subjects.tsv")
        for line in (sealed / name).read_bytes().splitlines()[1:]
    ]
    nonce_and_people = [word.encode() for word in secrets if word not in ("mated", "matched")]
    assert len(rows) > 20
    assert not [secret for secret in (*rows, *nonce_and_people) if secret in everything]


def test_it_brings_back_what_may_be_told(bundle: Path, attack: Path, record: Path, tmp_path: Path) -> None:
    add_token(attack, team_token(record, "team"))
    done = run_worker(bundle, attack, tmp_path / "app")
    assert (done.returncode, done.stderr) == (0, "")
    assert "evaluated; score" in done.stdout
    assert [path.name for path in (tmp_path / "app" / "output").iterdir()] == ["scores.json"]
    scores = json.loads((tmp_path / "app" / "output" / "scores.json").read_text())
    assert list(scores) == ["auc"]
    again = run_worker(bundle, attack, tmp_path / "again")  # the platform runs it a second time
    assert again.stdout == done.stdout
    assert [event.event for event in read_log(record)] == ["accepted", "evaluated"]


def test_it_goes_through_a_proxy_that_adds_tls(
    service: Service, tiny_edition_folder: Path, attack: Path, record: Path, tmp_path: Path
) -> None:
    """As in `https://HOST/scores`; without the certificate nothing is sent."""
    add_token(attack, team_token(record, "team"))
    trusted = certificate(tmp_path)
    with tls_proxy(service.url, "/scores", trusted) as url:
        bundle = tmp_path / "bundle.zip"
        words = ["track=attack", f"service={url}", "contact=us@example.org"]
        assert export(tiny_edition_folder, bundle, *words) == 0  # the image has the token
        patient = run_worker(
            bundle,
            attack,
            tmp_path / "app",
            SSL_CERT_FILE=str(trusted),
            MRIPRIVACY_TOKEN=service.token,
        )
        assert (patient.returncode, patient.stderr) == (0, "")


def test_without_a_service_it_says_so_and_tells_no_token(
    attack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(forward, "_PAUSES", (0.01,))
    forward.pack(attack, tmp_path / "x.zip")
    monkeypatch.setattr(forward, "__file__", str(tmp_path / "forward.py"))
    about = {"url": "http://127.0.0.1:9", "track": "attack", "token": "a-secret-token", "seconds": 0.1}
    (tmp_path / "service.json").write_text(json.dumps(about))
    assert forward.main([str(attack), str(tmp_path / "scores.json")]) == 1
    out, err = capsys.readouterr()
    assert err == "the organizers' service cannot be reached (URLError); try again later\n"
    assert "a-secret-token" not in out + err
    assert not (tmp_path / "scores.json").exists()


def test_a_redirect_does_not_carry_the_token_elsewhere(attack: Path, tmp_path: Path) -> None:
    paths: list[str] = []

    class Redirect(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"largest": 1000000}')

        def do_POST(self) -> None:
            paths.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{port}/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Redirect) as server:
        port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        forward.pack(attack, tmp_path / "x.zip")
        with pytest.raises(forward.Unanswered, match="HTTP 302"):
            forward.ask(f"http://127.0.0.1:{port}", "attack", "t", tmp_path / "x.zip", 0)
        server.shutdown()
    assert paths == ["/health", "/submissions/attack"]


def test_the_same_folder_is_the_same_zip(attack: Path, tmp_path: Path) -> None:
    (attack / "more").mkdir()
    (attack / "more" / "link").symlink_to("/etc/passwd")
    forward.pack(attack, tmp_path / "a.zip")
    other = Path(shutil.copytree(attack, tmp_path / "other", symlinks=True))
    (other / "metadata").write_text("a worker's note")
    forward.pack(other, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("more/link") == b"/etc/passwd"  # the link, not what it leads to


WRONG = [
    ("service=http://example.org", "expected https://HOST"),
    ("service=https://user:word@example.org", "expected https://HOST"),
    ("service=https://example.org/", "without a slash"),
    ("service=example.org", "expected https://HOST"),
    ("token=x", "token is given without service"),
    ("contact=notanemail", "expected an e-mail address"),
    ("image=" + "x" * 202, "of at most 128 characters"),
    ("image='a name with spaces'", "expected a name as Docker takes it"),
    ("image=Me/Upper", "expected a name as Docker takes it"),
    ("queue=mine", "expected its id (vhost)"),
]


@pytest.mark.parametrize(("word", "told"), WRONG)
def test_what_the_platform_would_refuse_is_refused_here(
    word: str, told: str, tiny_edition_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["track=attributes", "limits.open_key=true", word]
    assert export(tiny_edition_folder, tmp_path / "x.zip", *words) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "x.zip").exists()


@pytest.mark.parametrize(
    "name", ["me/mriprivacy:0.1.0", "ghcr.io/us/kit", "localhost:5000/kit:a_b.c", "kit@sha256:" + "0" * 64]
)
def test_images_that_docker_takes(name: str) -> None:
    assert image_of(Phase("attack", name, "", "", "", False, Limits(), "deciding")) == name


def test_limits_are_told_before(
    tiny_edition_folder: Path,
    tiny_edition: Edition,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue = "01234567-89ab-cdef-0123-456789abcdef"
    words = ["track=defacing", "image=me/kit", "baseline_defacer=identity", "limits.open_key=true"]
    assert export(tiny_edition_folder, tmp_path / "a.zip", *words) == 0
    scans = sum(len(split.scans) for split in tiny_edition.splits.values())
    told = capsys.readouterr().out
    assert f"An evaluation takes about {-(-43 * scans // 10)} s and " in told
    assert " GB of memory on 2 cores; the limit is 600 s, and the memory of the worker." in told
    monkeypatch.setattr("mriprivacy.challenge.export.expected_cost._SECONDS_A_SCAN", 100.0)
    assert export(tiny_edition_folder, tmp_path / "b.zip", *words) == 2
    assert "own workers end it after 600 s" in capsys.readouterr().err
    assert export(tiny_edition_folder, tmp_path / "b.zip", *words, f"queue={queue}") == 0
    about = yaml.safe_load(zipfile.ZipFile(tmp_path / "b.zip").read("competition.yaml"))
    assert about["queue"] == queue
    assert about["phases"][0]["execution_time_limit"] == 36_000


def test_certificates_are_checked(service: Service, tmp_path: Path) -> None:
    with tls_proxy(service.url, "", certificate(tmp_path)) as url:
        (tmp_path / "x.zip").write_bytes(b"x")
        with pytest.raises(forward.Unanswered, match=r"cannot be reached \(URLError\)"):
            forward.ask(url, "attack", service.token, tmp_path / "x.zip", 0)
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
