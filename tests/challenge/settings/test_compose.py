"""Features of faces lie where no other user can read them."""

from pathlib import Path

import pytest

from mriprivacy.challenge.compute.folders import cache_folder


def test_a_new_cache_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for folder in (cache_folder(""), cache_folder(str(tmp_path / "new"))):
        assert folder.stat().st_mode & 0o077 == 0
    assert cache_folder(str(tmp_path / "new")) == tmp_path / "new"


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o701])
def test_a_folder_that_others_can_enter_gets_one_below(tmp_path: Path, mode: int) -> None:
    """Its mode is left alone: others may have things there."""
    given = tmp_path / "given"
    given.mkdir()
    (given / "mriprivacy").mkdir(mode=0o755)
    given.chmod(mode)
    folder = cache_folder(str(given))
    assert folder == given / "mriprivacy"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert given.stat().st_mode & 0o777 == mode
