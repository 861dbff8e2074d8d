"""What is sealed, encrypted: opened by its key alone, evaluated in memory, put back as it was."""

import io
import shutil
import tarfile
from pathlib import Path

import pyrage
import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition import encryption as vault
from mriprivacy.challenge.edition.encryption import LOCKED, READABLE, lock, opened, unlock
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
    for name in ("sealed/key.tsv", "sealed/notes.txt", "notes.txt", "../../x", "/x"):
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w") as archive:
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(b"x"))
        path.write_bytes(pyrage.encrypt(plain.getvalue(), [identity.to_public()]))
        with pytest.raises((EditionError, OSError)):
            unlock(own_edition_folder, tmp_path / "key")
    assert not (own_edition_folder / "sealed").exists()


@pytest.fixture
def locked(own_edition_folder: Path, tmp_path: Path, identity: pyrage.x25519.Identity) -> Path:
    """A locked edition; its sealed folder as it was is `before` in tmp_path."""
    shutil.copytree(own_edition_folder / "sealed", tmp_path / "before")
    lock(own_edition_folder, [str(identity.to_public())])
    return own_edition_folder


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capsys.readouterr()
    status = main(words)
    captured = capsys.readouterr()
    return status, captured.out + captured.err


@pytest.mark.parametrize("left", [["key.tsv"], ["key.tsv", "nonce", "brain_masks"], ["subjects.tsv"], []])
def test_a_part_of_sealed_beside_the_archive_is_not_locked_in_its_place(
    left: list[str], locked: Path, tmp_path: Path, identity, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a lock leaves it that was killed while it removed file by file."""
    archive = (locked / LOCKED).read_bytes()
    (locked / "sealed").mkdir(mode=0o700)
    for name in left:
        copy = shutil.copytree if (tmp_path / "before" / name).is_dir() else shutil.copy
        copy(tmp_path / "before" / name, locked / "sealed" / name)
    for words in (["lock", f"recipients=[{identity.to_public()}]"], ["verify"]):
        status, printed = run(capsys, words[0], f"edition={locked}", *words[1:])
        assert status == 2
        assert "sealed/ is not whole, so keep sealed.age" in printed
        assert f"mriprivacy unlock edition={locked} identity=FILE" in printed
        assert (locked / LOCKED).read_bytes() == archive
    assert run(capsys, "unlock", f"edition={locked}", f"identity={tmp_path / 'key'}")[0] == 0
    assert contents(locked / "sealed") == contents(tmp_path / "before")
    assert run(capsys, "verify", f"edition={locked}")[0] == 0


def test_what_is_in_the_folder_alone_is_not_removed(locked: Path, tmp_path: Path) -> None:
    (locked / "sealed").mkdir(mode=0o700)
    (locked / "sealed" / "notes.txt").write_text("mine")
    with pytest.raises(
        EditionError, match=r"notes\.txt \(1 in all\): not as in sealed\.age.*move sealed/ away"
    ):
        unlock(locked, tmp_path / "key")
    assert (locked / "sealed" / "notes.txt").read_text() == "mine"
    assert (locked / LOCKED).is_file()


@pytest.mark.parametrize("name", ["nonce", "key.tsv", "attributes.tsv", "SEALED.sha256", "subjects.tsv"])
def test_a_folder_that_lacks_a_committed_file_is_not_locked(
    name: str, own_edition_folder: Path, identity, capsys: pytest.CaptureFixture[str]
) -> None:
    (own_edition_folder / "sealed" / name).unlink()
    before = contents(own_edition_folder)
    for words in (["lock", f"recipients=[{identity.to_public()}]"], ["verify"]):
        status, printed = run(capsys, words[0], f"edition={own_edition_folder}", *words[1:])
        assert status == 2
        assert name in printed
        assert "missing" in printed
    assert contents(own_edition_folder) == before


@pytest.mark.parametrize("spoil", [lambda whole: whole[:-1], lambda whole: b"", lambda whole: whole + b"x"])
def test_what_cannot_be_opened_again_replaces_nothing(
    spoil, own_edition_folder: Path, identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, encrypt = contents(own_edition_folder), pyrage.encrypt
    monkeypatch.setattr(pyrage, "encrypt", lambda *words: spoil(encrypt(*words)))
    with pytest.raises(EditionError, match="cannot be opened again"):
        lock(own_edition_folder, [str(identity.to_public())])
    assert contents(own_edition_folder) == before


@pytest.mark.parametrize("name", ["key.tsv", "subjects.tsv", "new.txt"])
def test_a_folder_that_changes_meanwhile_is_kept(
    name: str, own_edition_folder: Path, identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypt = pyrage.encrypt

    def changing(plain: bytes, *words) -> bytes:
        (own_edition_folder / "sealed" / name).write_text("new")
        return encrypt(plain, *words)

    monkeypatch.setattr(pyrage, "encrypt", changing)
    with pytest.raises(EditionError, match="changed while it was encrypted; nothing was removed"):
        lock(own_edition_folder, [str(identity.to_public())])
    assert (own_edition_folder / "sealed" / name).read_text() == "new"
    assert not (own_edition_folder / LOCKED).exists()


def test_a_link_is_not_locked(own_edition_folder: Path, tmp_path: Path, identity) -> None:
    """The link alone would be encrypted."""
    (own_edition_folder / "sealed").rename(tmp_path / "elsewhere")
    (own_edition_folder / "sealed").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EditionError, match="is a link"):
        lock(own_edition_folder, [str(identity.to_public())])
    assert not (own_edition_folder / LOCKED).exists()


def test_one_at_a_time(locked: Path, tmp_path: Path) -> None:
    with vault._alone(locked), pytest.raises(EditionError, match="another lock or unlock is running"):
        unlock(locked, tmp_path / "key")
    unlock(locked, tmp_path / "key")
    assert sorted(path.name for path in locked.iterdir()) == ["public", "sealed"]


def test_a_lost_key_is_an_error_and_a_public_copy_is_not(
    own_edition_folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    public = own_edition_folder / "public"
    shutil.rmtree(own_edition_folder / "sealed")
    status, printed = run(capsys, "verify", f"edition={own_edition_folder}")
    assert status == 2
    assert (
        "no sealed/ and no sealed.age beside public/. In an organizer's folder this means that the" in printed
    )
    assert f"verify it with edition={public}" in printed
    status, printed = run(capsys, "verify", f"edition={public}")
    assert status == 0
    assert "public files only: no sealed/ or sealed.age is beside them on this machine" in printed
    # Where a key is beside the public folder, it is seen from there, too.
    (own_edition_folder / LOCKED).write_bytes(b"")
    monkeypatch.chdir(public)
    status, printed = run(capsys, "verify", "edition=.")
    assert status == 2
    assert "sealed.age: is no age file" in printed


def test_verify_opens_the_archive_for_who_has_the_key(
    locked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["verify", f"edition={locked / 'public'}"]
    assert "sealed.age was not opened; identity=FILE compares" in run(capsys, *words)[1]
    words.append(f"identity={tmp_path / 'key'}")
    status, printed = run(capsys, *words)
    assert status == 0
    assert "all sealed files are what KEY.commitment commits to" in printed
    (locked / LOCKED).write_bytes((locked / LOCKED).read_bytes()[:-1])
    status, printed = run(capsys, *words)
    assert status == 2
    assert "does not open sealed.age" in printed


def test_a_readable_copy_without_the_archive_is_named(
    locked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(tmp_path / "before", locked / READABLE))
    (locked / LOCKED).rename(tmp_path / "archive")
    for command in ("verify", "lock", f"unlock identity={tmp_path / 'key'}"):
        status, printed = run(capsys, *command.split(), f"edition={locked}")
        assert status == 2
        assert "the copy is whole: rename it to sealed" in printed
    (copy / "nonce").unlink()
    assert (
        "the copy is not whole: put sealed.age or sealed/ back"
        in run(capsys, "verify", f"edition={locked}")[1]
    )
    (tmp_path / "archive").rename(locked / LOCKED)
    assert "'mriprivacy lock edition=" in run(capsys, "verify", f"edition={locked}")[1]
    assert run(capsys, "lock", f"edition={locked}")[0] == 0
    assert sorted(path.name for path in locked.iterdir()) == ["public", LOCKED]
    unlock(locked, tmp_path / "key")
    assert contents(locked / "sealed") == contents(tmp_path / "before")
