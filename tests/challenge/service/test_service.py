"""The scoring service as platforms meet it: over HTTP, many at once, killed, and asked by others."""

import http.client
import json
import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.service import server
from mriprivacy.challenge.submission_log.log import read_log
from tests.helpers.hostile_archives import members, packed
from tests.helpers.organizer_keys import write_key
from tests.helpers.scoring_service import Service, make_token, request, served, table, team_token

PLATFORM = "codabench"


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the service that all tests but those that end it share; so each has teams of its own."""
    return tmp_path_factory.mktemp("home") / "record"


@pytest.fixture(scope="module")
def service(tiny_edition_folder: Path, record: Path) -> Iterator[Service]:
    with served(tiny_edition_folder, record, make_token(tiny_edition_folder, record, PLATFORM)) as running:
        yield running


def events(record: Path, team: str) -> list[str]:
    return [event.event for event in read_log(record) if event.team == team]


def good(edition: Edition, record: Path, folder: Path, team: str, seed: int = 0) -> bytes:
    scores = random.Random(seed)
    drawn = {pair: scores.random() for pair in edition.eval.trials}
    return table(edition, folder / team, team, drawn, team_token(record, team))


def send(service: Service, body: bytes, track: str = "attack") -> str:
    status, content = request(f"{service.url}/submissions/{track}", service.token, body)
    assert status == 200, content
    return str(content["ticket"])


def answer(service: Service, ticket: str, seconds: float = 60) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status, content = request(f"{service.url}/submissions/{ticket}", service.token)
        assert status == 200, content
        if content["state"] != "waiting":
            return content
        time.sleep(0.05)
    raise AssertionError("no answer in time")


def test_what_is_sent_twice_is_one_submission(
    service: Service, tiny_edition: Edition, record: Path, tmp_path: Path
) -> None:
    body = good(tiny_edition, record, tmp_path, "anna")
    ticket = send(service, body)
    first = answer(service, ticket)
    assert first["state"] == "evaluated"
    assert first["scores"] == {"auc": pytest.approx(first["scores"]["auc"])}
    assert send(service, body) == ticket
    assert answer(service, ticket) == first
    assert events(record, "anna") == ["accepted", "evaluated"]
    assert len(list((record.parent / "entries").rglob("anna__s.json"))) == 1


def test_a_later_answer_repeats_the_best_score_unless_it_improved(
    service: Service, tiny_edition: Edition, tiny_edition_folder: Path, record: Path, tmp_path: Path
) -> None:
    """The Ladder: a platform needs a number, and this one tells nothing new."""
    key = open_sealed(tiny_edition_folder).trials
    right = {pair: float(trial.mated) for pair, trial in key.items()}
    best = answer(
        service,
        send(service, table(tiny_edition, tmp_path / "a", "berta", right, team_token(record, "berta"))),
    )
    assert best["scores"] == {"auc": 1.0}
    wrong = {pair: -score for pair, score in right.items()}
    worse = answer(
        service,
        send(service, table(tiny_edition, tmp_path / "b", "berta", wrong, team_token(record, "berta"))),
    )
    assert worse["scores"] == {"auc": 1.0}
    assert worse["lines"][0].startswith("evaluated; no improvement")


@pytest.mark.long
def test_limits_hold_and_are_asked_again_later(
    tiny_edition_folder: Path, tiny_edition: Edition, tmp_path: Path
) -> None:
    record = tmp_path / "home" / "record"
    token = make_token(tiny_edition_folder, record, PLATFORM)
    two = [good(tiny_edition, record, tmp_path / str(seed), "anna", seed) for seed in range(2)]
    with served(tiny_edition_folder, record, token, 0, "limits.total=1") as service:
        assert answer(service, send(service, two[0]))["state"] == "evaluated"
        over = answer(service, send(service, two[1]))
        assert (over["state"], over["scores"]) == ("over limit", {})
        assert over["lines"] == ["team anna: 1 submissions were accepted in all; the limit is 1"]
    with served(tiny_edition_folder, record, token) as service:  # with a higher limit
        assert answer(service, send(service, two[1]))["state"] == "evaluated"


def test_what_it_writes_can_be_signed(
    tiny_edition_folder: Path, tiny_edition: Edition, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    token = make_token(tiny_edition_folder, home / "record", PLATFORM)
    key = write_key(tmp_path / "organizer")
    body = good(tiny_edition, home / "record", tmp_path, "anna")
    with served(tiny_edition_folder, home / "record", token, 0, f"sign_with={key}") as service:
        assert answer(service, send(service, body))["state"] == "evaluated"
    public = f"verify_with={tmp_path / 'organizer.pub'}"
    capsys.readouterr()
    assert main(["rank", f"entries={home / 'entries'}", f"output={tmp_path / 'board'}", public]) == 0
    assert (
        f"1 entries are as an organizer of {tmp_path / 'organizer.pub'} signed them"
        in capsys.readouterr().out
    )


def test_no_one_sends_in_the_name_of_another(
    service: Service, tiny_edition: Edition, record: Path, tmp_path: Path
) -> None:
    """Who can read a bundle has the platform's token; a team's limit, budget and best score stay its own."""
    mine = answer(service, send(service, good(tiny_edition, record, tmp_path, "paula")))
    assert mine["state"] == "evaluated"
    before = events(record, "paula")
    drawn = dict.fromkeys(tiny_edition.eval.trials, 0.5)
    for number, token in enumerate(("", "x" * 43, team_token(record, "quentin"))):
        body = table(tiny_edition, tmp_path / f"{number}", "paula", drawn, token)
        told = answer(service, send(service, body))
        line = "submission.json: team_token is not that of team paula; expected the one that the organizers"
        assert (told["state"], told["scores"]) == ("refused", {})
        assert told["lines"] == [f"{line} gave it"]
    assert events(record, "paula") == before
    unknown = table(tiny_edition, tmp_path / "n", "unknown", drawn, team_token(record, "quentin"))
    assert answer(service, send(service, unknown))["lines"][0].startswith(
        "submission.json: team_token is not"
    )
    assert events(record, "unknown") == []


@pytest.mark.parametrize("spoilt", ["a row is missing", "no zip", "no table", "no description"])
def test_without_a_token_nothing_is_logged_whatever_else_is_wrong(
    spoilt: str, service: Service, tiny_edition: Edition, record: Path, tmp_path: Path
) -> None:
    """The log may be published; and each of its lines makes the next one slower."""
    before = read_log(record)
    drawn = dict.fromkeys(tiny_edition.eval.trials, 0.5)
    drawn.pop(tiny_edition.eval.trials[0])
    body = table(tiny_edition, tmp_path / "p", "paula", drawn)
    if spoilt == "no zip":
        body = b"PK\3\4" + os.urandom(20)
    elif spoilt != "a row is missing":
        name = "scores.tsv" if spoilt == "no table" else "submission.json"
        (tmp_path / "p" / name).unlink()
        body = packed(members(tmp_path / "p"))
    told = answer(service, send(service, body))
    assert told["state"] == "refused"
    assert read_log(record) == before


def test_a_head_in_drops_holds_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_SILENCE", 1)
    desktop = server.Desktop(tmp_path, ("attack",), 1000, bytes(32), lambda archive, track: None)
    with server.make_server(desktop, "127.0.0.1", 0) as door:
        thread = threading.Thread(target=door.serve_forever, daemon=True)
        thread.start()
        begun = time.monotonic()
        with socket.create_connection(("127.0.0.1", door.server_port), timeout=20) as client:
            with suppress(OSError):
                while time.monotonic() < begun + 15:
                    client.sendall(b"G")
                    time.sleep(0.2)
            assert time.monotonic() - begun < 10
        door.shutdown()
        thread.join(timeout=20)


@pytest.mark.parametrize("wrong", [None, "", "x" * 43, "x" * 5000, "\xe9"])
def test_without_a_token_nothing_is_said(
    wrong: str | None, service: Service, tiny_edition: Edition, record: Path, tmp_path: Path
) -> None:
    ticket = send(service, good(tiny_edition, record, tmp_path, "carl"))
    answer(service, ticket)
    before = list((record / "service" / "spool").iterdir())
    body = good(tiny_edition, record, tmp_path, "carla")
    for url, sent in ((f"submissions/{ticket}", None), ("submissions/attack", body)):
        status, content = request(f"{service.url}/{url}", wrong, sent)
        assert (status, content) == (401, {"state": "no", "lines": ["no token of this service"]})
    assert list((record / "service" / "spool").iterdir()) == before


def test_the_ticket_of_another_platform_is_unknown(
    service: Service, tiny_edition: Edition, tiny_edition_folder: Path, record: Path, tmp_path: Path
) -> None:
    ticket = send(service, good(tiny_edition, record, tmp_path, "dora"))
    other = make_token(tiny_edition_folder, record, "elsewhere")  # while the service runs
    assert request(f"{service.url}/submissions/{ticket}", other)[0] == 404
    renewed = make_token(tiny_edition_folder, record, "elsewhere")
    assert request(f"{service.url}/submissions/{ticket}", other)[0] == 401
    assert request(f"{service.url}/submissions/{ticket}", renewed)[0] == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("submissions/nowhere", 404),
        ("submissions/../tokens.json", 404),
        ("submissions/" + "0" * 32, 404),
        ("submissions/" + "a" * 31 + "%00", 404),
        ("", 404),
        ("tokens.json", 404),
        ("health", 200),
    ],
)
def test_other_places_hold_nothing(path: str, status: int, service: Service) -> None:
    assert request(f"{service.url}/{path}", service.token)[0] == status


def test_too_much_is_refused_unread(service: Service, record: Path) -> None:
    before = list((record / "service" / "spool").iterdir())
    most = request(f"{service.url}/health", None)[1]["largest"]
    assert most < 100_000_000
    host, port = service.url.removeprefix("http://").split(":")
    client = http.client.HTTPConnection(host, int(port), timeout=30)
    client.putrequest("POST", "/submissions/attack")
    client.putheader("Authorization", f"Bearer {service.token}")
    client.putheader("Content-Length", f"{most + 1}")
    client.endheaders()
    refused = client.getresponse()
    assert (refused.status, json.loads(refused.read())["lines"]) == (
        413,
        [f"the submission: has {most + 1} bytes; expected 1 to {most} for this edition"],
    )
    client.close()
    assert list((record / "service" / "spool").iterdir()) == before


def test_a_body_that_is_not_read_is_no_request(service: Service) -> None:
    """Behind a proxy that keeps connections, its answer would go to somebody else."""
    place = urlsplit(service.url)
    hidden = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    head = f"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: {len(hidden)}\r\n\r\n".encode()
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        connection.sendall(head + hidden)
        received = b""
        with suppress(ConnectionResetError):
            while piece := connection.recv(1 << 16):
                received += piece
    assert received.count(b"HTTP/1.1 200") == 1
    assert b"Connection: close" in received


@pytest.mark.parametrize(
    "lengths",
    [
        "Content-Length: 3\r\nContent-Length: 300\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\n",
    ],
)
def test_a_body_has_one_end(lengths: str, service: Service) -> None:
    """Of two lengths a proxy may take the other, and send another team's request as the rest of it."""
    place = urlsplit(service.url)
    head = f"POST /submissions/attack HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {service.token}\r\n"
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        connection.sendall(f"{head}{lengths}\r\nabc".encode())
        received = b""
        with suppress(ConnectionResetError):
            while piece := connection.recv(1 << 16):
                received += piece
    assert received.startswith(b"HTTP/1.1 411")
    assert b"Connection: close" in received


def test_a_service_that_is_ended_ends_well(tiny_edition_folder: Path, tmp_path: Path) -> None:
    """Only so is a key that was unlocked removed."""
    record = tmp_path / "record"
    with served(tiny_edition_folder, record, make_token(tiny_edition_folder, record, PLATFORM)) as running:
        running.process.terminate()
        assert running.process.wait(timeout=60) == 0


def test_what_breaks_off_is_not_there(
    service: Service, tiny_edition: Edition, record: Path, tmp_path: Path
) -> None:
    body = good(tiny_edition, record, tmp_path, "emil")
    host, port = service.url.removeprefix("http://").split(":")
    before = list((record / "service" / "spool").iterdir())
    with socket.create_connection((host, int(port)), timeout=30) as client:
        head = f"POST /submissions/attack HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {service.token}\r\n"
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
        client.shutdown(socket.SHUT_WR)
        assert b" 400 " in client.recv(1000)
    assert list((record / "service" / "spool").iterdir()) == before
    assert events(record, "emil") == []


def test_nothing_of_the_key_is_told_or_written_where_others_can_read(
    service: Service,
    tiny_edition: Edition,
    tiny_edition_folder: Path,
    record: Path,
    tmp_path: Path,
    secrets: tuple[str, ...],
) -> None:
    """Right and wrong submissions, other paths, and everything that the service prints."""
    key = open_sealed(tiny_edition_folder)
    right = {pair: float(trial.mated) for pair, trial in key.trials.items()}
    told = [
        answer(
            service,
            send(service, table(tiny_edition, tmp_path / "a", "berta", right, team_token(record, "berta"))),
        )
    ]
    del right[tiny_edition.eval.trials[0]]
    told += [
        answer(
            service,
            send(service, table(tiny_edition, tmp_path / "b", "gert", right, team_token(record, "gert"))),
        )
    ]
    told += [answer(service, send(service, b"PK\3\4"))]
    told += [answer(service, send(service, good(tiny_edition, record, tmp_path, "hans"), "attributes"))]
    told += [request(f"{service.url}/{path}", service.token)[1] for path in ("health", "submissions/x", "")]
    assert [one["state"] for one in told[:4]] == ["evaluated", "refused", "refused", "refused"]
    everything = f"{told}" + (record.parent / "service.log").read_text()
    for secret in (*secrets, str(tiny_edition_folder), str(record), service.token):
        assert secret not in everything
    assert set(told[0]["scores"]) == {"auc"}
    for path in (record, record / "service", record / "service" / "spool"):
        assert path.stat().st_mode & 0o077 == 0


def count(record: Path, event: str, team: str) -> Counter[str]:
    """How often each submission of some teams stands in the log."""
    lines = read_log(record)
    return Counter(one.submission for one in lines if one.event == event and one.team.startswith(team))


@pytest.mark.long
def test_a_hundred_at_once(service: Service, tiny_edition: Edition, record: Path, tmp_path: Path) -> None:
    """None is lost, none is scored twice, and the log verifies."""
    bodies = [good(tiny_edition, record, tmp_path, f"team-{n:03d}", n) for n in range(100)]
    with ThreadPoolExecutor(100) as pool:
        tickets = list(pool.map(lambda body: send(service, body), bodies * 2))
        assert len(set(tickets)) == 100
        answers = list(pool.map(lambda ticket: answer(service, ticket, 100), set(tickets)))
    assert {one["state"] for one in answers} == {"evaluated"}
    for event in ("accepted", "evaluated"):
        assert len(count(record, event, "team-")) == 100
        assert set(count(record, event, "team-").values()) == {1}


@pytest.mark.parametrize(
    "kills", [pytest.param(3, marks=pytest.mark.long), pytest.param(20, marks=pytest.mark.slow)]
)
def test_killed_at_random_it_goes_on(
    kills: int, tiny_edition_folder: Path, tiny_edition: Edition, tmp_path: Path
) -> None:
    """Whatever got a ticket gets one evaluation, however often the service is killed in the middle."""
    record = tmp_path / "home" / "record"
    token = make_token(tiny_edition_folder, record, PLATFORM)
    bodies = [good(tiny_edition, record, tmp_path, f"team-{n}", n) for n in range(12)]
    moments, tickets = random.Random(7), set[str]()

    def send_all(service: Service) -> None:
        for body in bodies:
            try:
                tickets.add(send(service, body))
            except OSError:
                return

    for _ in range(kills):
        with served(tiny_edition_folder, record, token) as service:
            sender = threading.Thread(target=send_all, args=(service,))
            sender.start()
            time.sleep(moments.uniform(0.05, 0.6))
            service.kill()
            sender.join(timeout=60)
            read_log(record)  # it is whole at any moment
    with served(tiny_edition_folder, record, token) as service:
        send_all(service)
        assert {answer(service, ticket)["state"] for ticket in tickets} == {"evaluated"}
    assert len(tickets) == 12
    for event in ("accepted", "evaluated"):
        assert len(count(record, event, "team-")) == 12
        assert set(count(record, event, "team-").values()) == {1}
    assert not list((record / "service" / "spool").glob(".partial-*"))
