"""A disk that many uploads at once would fill."""

import shutil
import threading
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mriprivacy.challenge.service import room, server
from mriprivacy.challenge.submission_log.tokens import PLATFORMS, new_token

Usage = namedtuple("Usage", "total used free")
MB = 1 << 20


@pytest.fixture
def small_disk(monkeypatch: pytest.MonkeyPatch) -> int:
    """A disk with room for three uploads of a MB and no fourth, whose free bytes do not follow writes."""
    left = room.SPARE + 3 * MB + MB // 2
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**12, 0, left))
    return 3


def desktop(folder: Path) -> tuple[server.Desktop, str]:
    token = new_token(folder / PLATFORMS, "codabench")
    return server.Desktop(folder, ("attack",), 10 * MB, bytes(32), lambda archive, track: None), token


@pytest.mark.usefixtures("small_disk")
def test_uploads_at_once_are_taken_as_far_as_the_disk_goes(tmp_path: Path) -> None:
    desk, token = desktop(tmp_path)
    arriving, go_on = threading.Barrier(4), threading.Event()

    def upload(number: int) -> str:
        waited = []

        def read(most: int) -> bytes:
            if not waited:
                waited.append(arriving.wait(30))
                go_on.wait(30)
            return bytes([number]) * most

        return desk.take_in(token, "attack", MB, read).ticket

    with ThreadPoolExecutor(4) as pool:
        three = [pool.submit(upload, number) for number in range(3)]
        arriving.wait(30)  # all three have begun, and none has written
        try:
            with pytest.raises(server.RefusedRequest, match="send it again later") as refused:
                desk.take_in(token, "attack", MB, bytes)
        finally:
            go_on.set()
        assert len({one.result() for one in three}) == 3
    assert refused.value.status == 503
    assert not list((tmp_path / "spool").glob(".partial*"))
    assert desk.take_in(token, "attack", MB, lambda most: b"9" * most).ticket  # there is room again


@pytest.mark.usefixtures("small_disk")
def test_an_upload_that_breaks_off_gives_its_room_back(tmp_path: Path) -> None:
    desk, token = desktop(tmp_path)

    def drop(most: int) -> bytes:
        raise TimeoutError

    for _ in range(10):
        with pytest.raises(TimeoutError):
            desk.take_in(token, "attack", 3 * MB, drop)
        with pytest.raises(server.RefusedRequest, match="did not arrive"):
            desk.take_in(token, "attack", 3 * MB, lambda most: b"")
    assert desk.take_in(token, "attack", 3 * MB, lambda most: b"9" * most).ticket


def test_many_threads_never_have_more_than_there_is(small_disk: int, tmp_path: Path) -> None:
    shared, lock = room.Room(), threading.Lock()
    at_once, most, refused = 0, 0, 0

    def take() -> None:
        nonlocal at_once, most, refused
        for _ in range(50):
            try:
                with shared.reserve(tmp_path, MB):
                    with lock:
                        at_once += 1
                        most = max(most, at_once)
                    threading.Event().wait(0.001)
                    with lock:
                        at_once -= 1
            except room.FullError:
                with lock:
                    refused += 1

    threads = [threading.Thread(target=take) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (at_once, most) == (0, small_disk)
    assert refused
