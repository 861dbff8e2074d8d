"""Partial folders: continued where everything is the same, never mixed, never shared."""

import subprocess
import sys
from pathlib import Path

import pytest

from mriprivacy.data_prep.formats.atomic import OutputExistsError
from mriprivacy.data_prep.formats.resumable import BusyError, count_done, fingerprint, once, resumable_folder


def test_an_error_keeps_what_was_finished(tmp_path: Path) -> None:
    calls: list[str] = []

    def work(name: str, fails: bool = False) -> str:
        calls.append(name)
        if fails:
            raise RuntimeError
        return name.upper()

    with pytest.raises(RuntimeError), resumable_folder(tmp_path / "out", "s1") as folder:  # noqa: PT012
        once(folder, "a", lambda: work("a"))
        once(folder, "b", lambda: work("b", fails=True))
    assert [path.name for path in tmp_path.iterdir()] == [".out.partial-s1"]
    (tmp_path / ".out.partial-s1" / "deep").mkdir()
    (tmp_path / ".out.partial-s1" / "deep" / ".partial-xyz-a.nii.gz").write_text("half")
    with resumable_folder(tmp_path / "out", "s1") as folder:
        assert count_done(folder) == 1
        assert [once(folder, name, lambda name=name: work(name)) for name in "abc"] == ["A", "B", "C"]
    assert calls == ["a", "b", "b", "c"]
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["deep"]


def test_other_settings_start_anew(tmp_path: Path) -> None:
    with pytest.raises(KeyError), resumable_folder(tmp_path / "out", "s1") as folder:  # noqa: PT012
        once(folder, "a", lambda: 1)
        raise KeyError
    with resumable_folder(tmp_path / "out", "s2") as folder:
        assert once(folder, "a", lambda: 2) == 2


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    with pytest.raises(OutputExistsError), resumable_folder(tmp_path / "out", "s"):
        pytest.fail("the block must not run")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_two_runs_cannot_share_a_folder(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from mriprivacy.data_prep.formats.resumable import *\n"
        "with resumable_folder(Path(sys.argv[1]), 's'): pass"
    )
    with resumable_folder(tmp_path / "out", "s") as folder:
        (folder / "a").write_text("a")
        other = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "out")], capture_output=True, text=True
        )
        assert other.returncode != 0
        assert "another run is writing it" in other.stderr
    assert BusyError.__name__ in other.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]


def test_the_fingerprint_is_of_everything() -> None:
    assert fingerprint("a", 1) == fingerprint("a", 1)
    assert len({fingerprint("a", 1), fingerprint("a", "1"), fingerprint("a"), fingerprint()}) == 4
