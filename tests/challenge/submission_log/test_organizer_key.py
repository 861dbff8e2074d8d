"""The organizer's signature: it stands in the entry, `rank` checks it, and keys are kept from others."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as coding
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.entry.entry_file import file_digest, read_entry, write_entry
from mriprivacy.challenge.submission_log.log import read_log
from mriprivacy.challenge.submission_log.organizer_key import signed, signing_key
from tests.helpers.board_entries import made_up
from tests.helpers.organizer_keys import write_key
from tests.helpers.spoiled_entries import COMMITTED

PEM, OPENSSH = coding.Encoding.PEM, coding.PrivateFormat.OpenSSH
OPEN = coding.NoEncryption()


def rank(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(
        ["rank", f"entries={folder / 'entries'}", f"output={folder / 'board'}", "site=false", *words]
    )
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return write_key(tmp_path / "organizer")


@pytest.fixture
def two(tmp_path: Path, key: Path) -> Path:
    """A folder of two entries; the first is signed."""
    write_entry(tmp_path / "entries", signed(made_up(1), signing_key(key, [])))
    write_entry(tmp_path / "entries", made_up(2))
    return tmp_path


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | values))


def test_what_evaluate_signed_is_checked_by_rank(
    tiny_edition_folder: Path, attributes: Path, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = [f"output={tmp_path / 'entries'}", f"record={tmp_path / 'record'}", "limits.open_key=true"]
    words = ["evaluate", f"edition={tiny_edition_folder}", f"submission={attributes}", *to]
    made = []
    for _ in range(2):
        assert main([*words, f"sign_with={key}", "compute=sequential"]) == 0
        (path,) = (tmp_path / "entries").rglob("*.json")
        made.append(read_entry(path).organizer_signature)
    assert made[0] == made[1] != ""  # an evaluation that is repeated gives the same entry
    # By hand, as others would check it (docs/reference/files.md).
    content = json.loads(path.read_text("utf-8"))
    signature = bytes.fromhex(content.pop("organizer_signature"))
    content.pop("seconds")
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    public = coding.load_ssh_public_key(key.with_suffix(".pub").read_bytes())
    assert isinstance(public, Ed25519PublicKey)
    public.verify(signature, b"mriprivacy entry " + digest.encode())
    # The log has the same digest, signed or not.
    assert read_log(tmp_path / "record")[-1].entry == digest == file_digest(path)
    status, out, err = rank(
        tmp_path, capsys, f"record={tmp_path / 'record'}", f"verify_with={key.with_suffix('.pub')}"
    )
    assert (status, err) == (0, "")
    assert "1 entries are what submissions.jsonl says was evaluated" in out
    assert f"1 entries are as an organizer of {key.with_suffix('.pub')} signed them" in out


def test_a_changed_entry_is_left_out_and_an_unsigned_one_is_named(
    two: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_key = f"verify_with={key.with_suffix('.pub')}"
    first, second = (two / "entries" / made_up(number).path for number in (1, 2))
    status, out, err = rank(two, capsys, with_key)
    assert (status, err) == (0, "")
    assert (
        f"1 entries are as an organizer of {key.with_suffix('.pub')} signed them; 1 have no signature" in out
    )
    assert made_up(2).path in out
    change(first, seconds={"all": 9.0})  # times and layout are not signed
    assert rank(two, capsys, with_key)[0] == 0
    change(first, description="the best of all")
    status, out, err = rank(two, capsys, with_key)
    assert status == 2
    (line,) = err.splitlines()
    assert line.startswith(
        f"mriprivacy: {first}: its organizer_signature fits none of 1 keys; it was changed"
    )
    assert made_up(1).system not in (two / "board" / "LEADERBOARD.md").read_text("utf-8")
    # Without a key it stays, and the command says that nothing was checked.
    status, out, err = rank(two, capsys)
    assert (status, err) == (0, "")
    assert "1 entries have a signature that was not checked; verify_with=FILE checks" in out
    # An entry whose signature is taken away is named with those that have none.
    change(first, organizer_signature="")
    assert f"2 have no signature: {made_up(1).path}, {made_up(2).path}" in rank(two, capsys, with_key)[1]
    assert second.is_file()


def test_a_signature_is_of_one_entry_and_one_key(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = write_key(two / "other")
    first, second = (two / "entries" / made_up(number).path for number in (1, 2))
    keys = two / "keys"
    keys.write_bytes(other.with_suffix(".pub").read_bytes())
    assert "fits none of 1 keys" in rank(two, capsys, f"verify_with={keys}")[2]
    keys.write_bytes(
        b"# organizers\n\n" + other.with_suffix(".pub").read_bytes() + (two / "organizer.pub").read_bytes()
    )
    assert rank(two, capsys, f"verify_with={keys}")[0] == 0
    change(second, organizer_signature=json.loads(first.read_text("utf-8"))["organizer_signature"])
    assert (
        f"{second}: its organizer_signature fits none of 2 keys"
        in rank(two, capsys, f"verify_with={keys}")[2]
    )


def test_committed_entries_have_no_signature_and_stay_readable() -> None:
    for path in COMMITTED.glob("*.json"):
        assert read_entry(path).organizer_signature == ""
        assert "organizer_signature" not in path.read_text("utf-8")


def text(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def with_passphrase(path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    closed = coding.BestAvailableEncryption(b"a word")
    path.write_bytes(key.private_bytes(PEM, coding.PrivateFormat.PKCS8, closed))
    if program := shutil.which("ssh-keygen"):
        path.unlink()
        subprocess.run([program, "-q", "-t", "ed25519", "-N", "a word", "-f", path], check=True, input=b"y\n")


ECDSA = generate_private_key(SECP256R1())
NO_SECRET_KEY = {
    "open to others": (lambda path: path.chmod(0o640), "has mode 640, so other users can open it; chmod 600"),
    "missing": (lambda path: path.unlink(), "no such file"),
    "a folder": (lambda path: path.unlink() or path.mkdir(), "no such file"),
    "large": (text(b"x" * 200_000), "is larger than 100000 bytes"),
    "empty": (text(b""), "is no secret Ed25519 key without a passphrase"),
    "binary": (text(bytes(range(256))), "is no secret Ed25519 key without a passphrase"),
    "public": (
        lambda path: path.write_bytes(path.with_suffix(".pub").read_bytes()),
        "is no secret Ed25519 key",
    ),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-90]), "is no secret Ed25519 key"),
    "ECDSA": (text(ECDSA.private_bytes(PEM, OPENSSH, OPEN)), "is no secret Ed25519 key"),
    "with a passphrase": (with_passphrase, "is no secret Ed25519 key without a passphrase"),
}


@pytest.mark.parametrize("name", NO_SECRET_KEY)
def test_what_is_no_secret_key_ends_evaluate_before_anything_is_done(
    name: str,
    tiny_edition_folder: Path,
    attributes: Path,
    key: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spoil, words = NO_SECRET_KEY[name]
    spoil(key)
    record = tmp_path / "record"
    to = [f"output={tmp_path / 'entries'}", f"record={record}", "limits.open_key=true"]
    edition = [f"edition={tiny_edition_folder}", f"submission={attributes}"]
    assert main(["evaluate", *edition, *to, f"sign_with={key}", "compute=sequential"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"mriprivacy: {key}: ")
    assert words in line
    assert not (tmp_path / "entries").exists()
    assert not record.exists()  # no answer of the budget is used up


@pytest.mark.parametrize("where", ["public", "entries", "a link in entries"])
def test_a_key_where_others_get_it_is_refused(
    where: str,
    own_edition_folder: Path,
    attributes: Path,
    key: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    entries = tmp_path / "entries"
    entries.mkdir()
    there = own_edition_folder / "public" / "k" if where == "public" else entries / "k"
    key.rename(there)
    given = there
    if where.startswith("a link"):
        given = tmp_path / "k"
        given.symlink_to(there)
    words = [f"edition={own_edition_folder}", f"submission={attributes}", f"output={entries}"]
    assert main(["evaluate", *words, f"sign_with={given}", "compute=sequential"]) == 2
    err = capsys.readouterr().err
    assert ("which others get; move the key away" in err) or ("k: not listed in MANIFEST.sha256" in err), err
    assert not list(entries.rglob("*.json"))


def test_a_key_in_sealed_is_no_part_of_the_edition(
    own_edition_folder: Path, attributes: Path, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is sealed is what was committed to, so the key has a place of its own."""
    key.rename(own_edition_folder / "sealed" / "k")
    words = [f"edition={own_edition_folder}", f"submission={attributes}", f"output={tmp_path / 'entries'}"]
    assert main(["evaluate", *words, f"sign_with={own_edition_folder}/sealed/k", "compute=sequential"]) == 2
    assert "sealed/k" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no key; expected lines 'ssh-ed25519 ...'"),
        (b"# none\n", "holds no key"),
        (b"ssh-ed25519 AAAA\n", "line 1 is no public Ed25519 key"),
        (b"\xff\xfe\0", "line 1 is no public Ed25519 key"),
        (
            ECDSA.public_key().public_bytes(coding.Encoding.OpenSSH, coding.PublicFormat.OpenSSH),
            "line 1 is no public Ed25519 key",
        ),
    ],
)
def test_what_is_no_public_key_ends_rank(
    content: bytes, words: str, two: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (two / "keys").write_bytes(content)
    status, _, err = rank(two, capsys, f"verify_with={two / 'keys'}")
    assert status == 2
    assert err.startswith(f"mriprivacy: {two / 'keys'}: ")
    assert words in err
    assert not (two / "board").exists()
    # The secret key in the place of the public one is not taken, nor shown.
    status, _, err = rank(two, capsys, f"verify_with={two / 'organizer'}")
    assert status == 2
    assert "line 1 is no public Ed25519 key" in err
