"""The scoring service as platforms meet it: over HTTP, many at once, killed, and asked by strangers."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.submission_log.log import read_log
from tests.helpers.scoring_service import Service, make_token, request, served, table

PLATFORM = "codabench"


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "home" / "record"


@pytest.fixture
def token(tiny_edition_folder: Path, record: Path, capsys: pytest.CaptureFixture[str]) -> str:
    return make_token(tiny_edition_folder, record, PLATFORM, capsys)


@pytest.fixture
def service(tiny_edition_folder: Path, record: Path, token: str) -> Iterator[Service]:
    with served(tiny_edition_folder, record, token) as running:
        yield running


def good(edition: Edition, folder: Path, team: str, seed: int = 0) -> bytes:
    scores = random.Random(seed)
    return table(edition, folder / team, team, {pair: scores.random() for pair in edition.eval.trials})


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
    body = good(tiny_edition, tmp_path, "anna")
    ticket = send(service, body)
    first = answer(service, ticket)
    assert first["state"] == "evaluated"
    assert first["scores"] == {"auc": pytest.approx(first["scores"]["auc"])}
    assert send(service, body) == ticket
    assert answer(service, ticket) == first
    assert [event.event for event in read_log(record)] == ["accepted", "evaluated"]
    assert (record.parent / "entries" / "tiny-1" / "anna__s.json").exists() or list(
        (record.parent / "entries").rglob("anna__s.json")
    )


def test_a_later_answer_repeats_the_best_score_unless_it_improved(
    service: Service, tiny_edition: Edition, tiny_edition_folder: Path, tmp_path: Path
) -> None:
    """The Ladder: a platform needs a number, and this one tells nothing new."""
    key = open_sealed(tiny_edition_folder).trials
    right = {pair: float(trial.mated) for pair, trial in key.items()}
    best = answer(service, send(service, table(tiny_edition, tmp_path / "a", "anna", right)))
    assert best["scores"] == {"auc": 1.0}
    wrong = {pair: -score for pair, score in right.items()}
    worse = answer(service, send(service, table(tiny_edition, tmp_path / "b", "anna", wrong)))
    assert worse["scores"] == {"auc": 1.0}
    assert worse["lines"][0].startswith("evaluated; no improvement")


def test_limits_hold_and_are_asked_again_later(
    tiny_edition_folder: Path, record: Path, token: str, tiny_edition: Edition, tmp_path: Path
) -> None:
    two = [good(tiny_edition, tmp_path / str(seed), "anna", seed) for seed in range(2)]
    with served(tiny_edition_folder, record, token, 0, "limits.total=1") as service:
        assert answer(service, send(service, two[0]))["state"] == "evaluated"
        over = answer(service, send(service, two[1]))
        assert (over["state"], over["scores"]) == ("over limit", {})
        assert over["lines"] == ["team anna: 1 submissions were accepted in all; the limit is 1"]
    with served(tiny_edition_folder, record, token) as service:  # with a higher limit
        assert answer(service, send(service, two[1]))["state"] == "evaluated"


@pytest.mark.parametrize("wrong", [None, "", "x" * 43, "x" * 5000, "\xe9"])
def test_without_a_token_nothing_is_said(
    wrong: str | None, service: Service, tiny_edition: Edition, record: Path, tmp_path: Path
) -> None:
    body = good(tiny_edition, tmp_path, "anna")
    ticket = send(service, body)
    answer(service, ticket)
    for url, sent in ((f"submissions/{ticket}", None), ("submissions/attack", body)):
        status, content = request(f"{service.url}/{url}", wrong, sent)
        assert (status, content) == (401, {"state": "no", "lines": ["no token of this service"]})
    assert len(list((record / "service" / "spool").iterdir())) == 1


def test_the_ticket_of_another_platform_is_unknown(
    service: Service,
    tiny_edition: Edition,
    tiny_edition_folder: Path,
    record: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ticket = send(service, good(tiny_edition, tmp_path, "anna"))
    other = make_token(tiny_edition_folder, record, "elsewhere", capsys)  # while the service runs
    assert request(f"{service.url}/submissions/{ticket}", other)[0] == 404
    renewed = make_token(tiny_edition_folder, record, PLATFORM, capsys)
    assert request(f"{service.url}/submissions/{ticket}", service.token)[0] == 401
    assert request(f"{service.url}/submissions/{ticket}", renewed)[0] == 200


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
    status, content = request(f"{service.url}/submissions/attack", service.token, bytes(300_000_000))
    assert status == 413
    assert "expected 1 to" in content["lines"][0]
    assert list((record / "service" / "spool").iterdir()) == []


def test_nothing_of_the_key_is_told_or_written_where_others_can_read(
    service: Service,
    tiny_edition: Edition,
    tiny_edition_folder: Path,
    record: Path,
    tmp_path: Path,
    secrets: tuple[str, ...],
) -> None:
    """Right and wrong submissions, strangers' paths, and everything that the service prints."""
    key = open_sealed(tiny_edition_folder)
    right = {pair: float(trial.mated) for pair, trial in key.trials.items()}
    told = [answer(service, send(service, table(tiny_edition, tmp_path / "a", "anna", right)))]
    del right[tiny_edition.eval.trials[0]]
    told += [answer(service, send(service, table(tiny_edition, tmp_path / "b", "bert", right)))]
    told += [answer(service, send(service, b"PK\3\4"))]
    told += [answer(service, send(service, good(tiny_edition, tmp_path, "cleo"), "attributes"))]
    told += [request(f"{service.url}/{path}", service.token)[1] for path in ("health", "submissions/x", "")]
    assert [one["state"] for one in told[:4]] == ["evaluated", "refused", "refused", "refused"]
    everything = f"{told}" + (record.parent / "service.log").read_text()
    for secret in (*secrets, str(tiny_edition_folder), str(record), service.token):
        assert secret not in everything
    assert set(told[0]["scores"]) == {"auc"}
    for path in (record, record / "service", record / "service" / "spool"):
        assert path.stat().st_mode & 0o077 == 0


def evaluated(record: Path) -> Counter[str]:
    return Counter(event.submission for event in read_log(record) if event.event == "evaluated")


@pytest.mark.long
def test_a_hundred_at_once(service: Service, tiny_edition: Edition, record: Path, tmp_path: Path) -> None:
    """None is lost, none is scored twice, and the log verifies."""
    bodies = [good(tiny_edition, tmp_path, f"team-{n:03d}", n) for n in range(100)]
    with ThreadPoolExecutor(100) as pool:
        tickets = list(pool.map(lambda body: send(service, body), bodies * 2))
        assert len(set(tickets)) == 100
        answers = list(pool.map(lambda ticket: answer(service, ticket, 100), set(tickets)))
    assert {one["state"] for one in answers} == {"evaluated"}
    assert len(evaluated(record)) == 100
    assert set(evaluated(record).values()) == {1}


@pytest.mark.long
def test_killed_at_random_it_goes_on(
    tiny_edition_folder: Path, tiny_edition: Edition, record: Path, token: str, tmp_path: Path
) -> None:
    """Whatever got a ticket gets one evaluation, however often the service is killed in the middle."""
    bodies = [good(tiny_edition, tmp_path, f"team-{n}", n) for n in range(12)]
    moments, tickets = random.Random(7), set[str]()

    def send_all(service: Service) -> None:
        for body in bodies:
            try:
                tickets.add(send(service, body))
            except OSError:
                return

    for _ in range(3):
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
    assert set(evaluated(record).values()) == {1}
    assert len(evaluated(record)) == 12
    accepted = Counter(event.submission for event in read_log(record) if event.event == "accepted")
    assert set(accepted.values()) == {1}
    assert not list((record / "service" / "spool").glob(".partial-*"))
