"""Whole files or none."""

import errno
from pathlib import Path

import pytest

from mriprivacy.data_prep.formats.atomic import OutputExistsError, free_place, whole_file, whole_folder
from mriprivacy.scoring.errors import UserError


def test_a_file_appears_only_when_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.nii.gz"
    with whole_file(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        assert temporary.name.endswith(".nii.gz")
    assert path.read_text() == "half"
    assert path.stat().st_mode & 0o777 == 0o644


def test_an_error_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyError), whole_file(path) as temporary:  # noqa: PT012
        temporary.write_text("new")
        raise KeyError
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


def test_a_folder_appears_only_when_whole(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with pytest.raises(KeyError), whole_folder(path) as temporary:  # noqa: PT012
        (temporary / "a").write_text("a")
        raise KeyError
    assert list(tmp_path.iterdir()) == []
    path.mkdir()
    with whole_folder(path) as temporary:
        (temporary / "a").write_text("a")
        assert not (path / "a").exists()
    assert [p.name for p in path.iterdir()] == ["a"]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_nothing_is_overwritten(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "out"
    if kind == "file":
        path.write_text("mine")
    else:
        path.mkdir()
        (path / "mine").write_text("mine")
    with pytest.raises(OutputExistsError, match="nothing is overwritten"), whole_folder(path):
        pytest.fail("the block must not run")
    assert sum(p.is_file() and p.read_text() == "mine" for p in tmp_path.rglob("*")) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_full_disk_is_told_with_the_file_that_was_being_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")

    def write() -> None:
        with whole_file(tmp_path / "a") as temporary:
            temporary.write_text("new")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left") as caught:
        write()
    assert caught.value.filename == str(tmp_path / "a")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "old")]


def test_a_folder_that_cannot_be_made_is_known_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "table.tsv").touch()
    with pytest.raises(UserError, match="is a file; name another output"):
        free_place(tmp_path / "table.tsv" / "a" / "b")
    locked = tmp_path / "locked"
    locked.mkdir()
    # Root may write everywhere, so the answer of the system is put in its place.
    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != locked)
    with pytest.raises(UserError, match="cannot be written"):
        free_place(locked / "a" / "b")
    assert free_place(tmp_path / "a") == tmp_path / "a"
