"""What is sealed, encrypted: opened by its key alone, evaluated in memory, put back as it was."""

import io
import tarfile
from pathlib import Path

import pyrage
import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition import encryption as vault
from mriprivacy.challenge.edition.encryption import LOCKED, lock, opened, unlock
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.public import EditionError, open_edition


@pytest.fixture
def identity(tmp_path: Path) -> pyrage.x25519.Identity:
    secret = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(f"# created by a test\n{secret}\n")
    return secret


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_locked_and_unlocked_is_as_before(
    own_edition_folder: Path,
    tmp_path: Path,
    identity: pyrage.x25519.Identity,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = contents(own_edition_folder)
    words = [f"edition={own_edition_folder}"]
    assert main(["lock", *words, f"recipients=[{identity.to_public()}]"]) == 0
    assert sorted(path.name for path in own_edition_folder.iterdir()) == ["public", LOCKED]
    assert b"nonmated" not in (own_edition_folder / LOCKED).read_bytes()
    capsys.readouterr()
    assert main(["verify", *words]) == 0
    assert "sealed.age was not opened" in capsys.readouterr().out
    (own_edition_folder / "sealed").mkdir()
    assert main(["unlock", *words, f"identity={tmp_path / 'key'}"]) == 2
    assert "sealed: is there already" in capsys.readouterr().err
    (own_edition_folder / "sealed").rmdir()
    assert main(["unlock", *words, f"identity={tmp_path / 'key'}"]) == 0
    assert sorted(path.name for path in own_edition_folder.iterdir()) == ["public", "sealed"]
    assert contents(own_edition_folder) == before
    assert verify_edition(own_edition_folder) == ()


def test_a_locked_edition_is_evaluated_with_its_key_only(
    own_edition_folder: Path,
    tmp_path: Path,
    identity: pyrage.x25519.Identity,
    attack: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["evaluate", f"edition={own_edition_folder}", f"submission={attack}", f"cache={tmp_path}"]
    assert main([*words, f"output={tmp_path / 'open'}"]) == 0
    lock(own_edition_folder, [str(identity.to_public())])
    capsys.readouterr()
    assert main([*words, f"output={tmp_path / 'none'}"]) == 2
    assert "is locked; give identity=FILE" in capsys.readouterr().err
    assert main([*words, f"output={tmp_path / 'locked'}", f"identity={tmp_path / 'key'}"]) == 0
    one, other = (min((tmp_path / name).rglob("*.json")).read_text() for name in ("open", "locked"))
    assert one.split('"seconds"')[0] == other.split('"seconds"')[0]
    assert not (own_edition_folder / "sealed").exists()


def test_nothing_is_left_in_memory(own_edition_folder: Path, tmp_path: Path, identity, monkeypatch) -> None:
    lock(own_edition_folder, [str(identity.to_public())])
    monkeypatch.setattr(vault, "_MEMORY", tmp_path)
    before = sorted(tmp_path.iterdir())
    with opened(own_edition_folder, tmp_path / "key") as folder:
        assert folder.is_relative_to(tmp_path)
        assert (folder / "sealed").stat().st_mode & 0o077 == 0
        assert open_edition(folder).name == "tiny/2026.1"
    assert sorted(tmp_path.iterdir()) == before


def test_what_does_not_open(own_edition_folder: Path, tmp_path: Path, identity) -> None:
    with pytest.raises(EditionError, match="is no age key"):
        lock(own_edition_folder, ["age1x"])
    with pytest.raises(EditionError, match="recipients: none"):
        lock(own_edition_folder, [])
    path = lock(own_edition_folder, [str(identity.to_public())])
    (tmp_path / "other").write_text(str(pyrage.x25519.Identity.generate()))
    (tmp_path / "none").write_text("hello")
    for name in ("other", "none"):
        with pytest.raises(EditionError, match=r"does not open sealed\.age"):
            unlock(own_edition_folder, tmp_path / name)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(EditionError, match=r"does not open sealed\.age"):
        unlock(own_edition_folder, tmp_path / "key")


def test_what_others_put_in_its_place_is_not_taken(
    own_edition_folder: Path, tmp_path: Path, identity
) -> None:
    """Anybody can encrypt for a public key: what is in it must be what the edition commits to."""
    path = lock(own_edition_folder, [str(identity.to_public())])
    for name in ("sealed/key.tsv", "../../x", "/x"):
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w") as archive:
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(b"x"))
        path.write_bytes(pyrage.encrypt(plain.getvalue(), [identity.to_public()]))
        with pytest.raises((EditionError, OSError)):
            unlock(own_edition_folder, tmp_path / "key")
    assert not (own_edition_folder / "sealed").exists()
