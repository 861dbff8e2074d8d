"""Nothing leaves the machine: from images to a board, no address is opened."""

import socket
from pathlib import Path

import pytest

from mriprivacy.challenge.cli import main


def test_no_address_is_opened(
    tiny_edition_folder: Path, attack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*words: object, **_: object) -> None:
        raise AssertionError(f"an address is opened: {words}")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.chdir(tmp_path)
    edition, cache = f"edition={tiny_edition_folder}", f"cache={tmp_path / 'cache'}"
    here = ("compute=sequential", cache)
    assert main(["check", edition, f"submission={attack}"]) == 0
    assert main(["attack", "attack=deepface", edition, "output=scores", *here]) == 0
    words = ["limits.open_key=true", "record=record", "team=reference"]
    assert main(["evaluate", edition, "submission=scores", "output=entries", *words, *here]) == 0
    assert main(["rank", "entries=entries", "output=board"]) == 0
    with pytest.raises(AssertionError, match="an address is opened"):
        socket.create_connection(("127.0.0.1", 9))
