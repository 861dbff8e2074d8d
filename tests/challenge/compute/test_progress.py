"""What is seen of a step: a bar with count, rate, time left and failures; without a terminal what failed."""

import io
import time

import pytest
from rich.console import Console

from mriprivacy.challenge.compute.progress import progress


def test_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Console(force_terminal=True, width=120, file=io.StringIO())
    monkeypatch.setattr("rich.console.Console", lambda **_: screen)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress("faces", 4) as advance:
        for failed in (False, True, False):
            time.sleep(0.05)
            advance(failed)
        time.sleep(0.2)
    shown = screen.file.getvalue()  # type: ignore[attr-defined]
    assert all(part in shown for part in ("faces", "3/4", "/s", "left", "1 failed"))


def test_without_one_and_after_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("faces", 2) as advance:
        advance(False)
        advance(True)
    assert capsys.readouterr().err == "faces: 1 of 2 failed\n"
    with progress("faces", 2) as advance:
        advance(False)
        advance(False)
    assert capsys.readouterr().err == ""
    with pytest.raises(KeyError), progress("faces", 2) as advance:
        raise KeyError
    assert capsys.readouterr().err == ""
