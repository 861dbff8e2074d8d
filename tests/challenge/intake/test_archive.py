"""Submissions as a zip: the same as the folder, or refused by its table of contents."""

import io
import random
import struct
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.intake import archive
from mriprivacy.challenge.intake.archive import _content, unpacked
from mriprivacy.challenge.intake.submission import SubmissionError, check_submission, received
from tests.helpers.hostile_archives import ARCHIVES, END, large, members, packed
from tests.helpers.hostile_scans import SCANS

Refused = Callable[[Path, Edition], tuple[str, ...]]


def renamed(old: bytes, new: bytes) -> Callable[[Path], bytes]:
    assert len(old) == len(new)
    return lambda folder: packed(members(folder)).replace(old, new)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ARCHIVES)
def test_archives_that_are_refused(
    name: str, attack: Path, tmp_path: Path, tiny_edition: Edition, refused: Refused
) -> None:
    make, words = ARCHIVES[name]
    path = write_zip(tmp_path / "submission.zip", make(attack))
    before = sorted(tmp_path.rglob("*"))
    problems = refused(path, tiny_edition)
    assert any(words in problem for problem in problems), problems
    assert sorted(tmp_path.rglob("*")) == before
    assert not any(tempfile.gettempdir() in problem for problem in problems)


def write_zip(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_zip_with_the_end_of_a_large_one_is_read(
    attack: Path, tmp_path: Path, tiny_edition: Edition
) -> None:
    with received(write_zip(tmp_path / "large.zip", large()(attack)), tiny_edition) as submission:
        assert submission.track == "attack"


@pytest.mark.parametrize("track", ["attack", "attributes", "defacing"])
def test_a_zip_is_the_folder(
    track: str, tiny_edition: Edition, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(track)
    path = write_zip(tmp_path / "x.zip", packed(members(folder)))
    one = check_submission(folder, tiny_edition)
    with received(path, tiny_edition) as other:
        assert type(one) is type(other)
        for field in fields(one):
            if field.name not in ("folder", "scans"):  # they say where it lies
                assert getattr(one, field.name) == getattr(other, field.name)
        inside = other.folder
        assert inside.stat().st_mode & 0o077 == 0
    assert not inside.exists()


def test_zips_of_honest_tools(tiny_edition: Edition, attack: Path, tmp_path: Path) -> None:
    """Stored, with entries for folders, as a stream without sizes, and in the form for large files."""
    stored = packed(members(attack), zipfile.ZIP_STORED)

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise OSError

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in members(attack):
            archive.writestr(info.filename, content)
    large = io.BytesIO()
    with zipfile.ZipFile(large, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in members(attack):
            with archive.open(info.filename, "w", force_zip64=True) as file:
                file.write(content)
    for content in (stored, pipe.getvalue(), large.getvalue(), as_zip64(stored)):
        with received(write_zip(tmp_path / "x.zip", content), tiny_edition) as submission:
            assert submission.warnings == ()


def as_zip64(content: bytes) -> bytes:
    """Give a zip the end that zips over 4 GB have."""
    end = content.rfind(END)
    _, _, _, here, count, length, offset, _ = struct.unpack("<4s4H2LH", content[end:])
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, here, count, length, offset)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    last = struct.pack("<4s4H2LH", END, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return content[:end] + record + locator + last


@pytest.mark.parametrize("command", ["check", "evaluate"])
def test_both_commands_refuse_alike(
    command: str, attack: Path, tiny_edition_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_zip(tmp_path / "x.zip", ARCHIVES["zip slip"][0](attack))
    words = [command, f"edition={tiny_edition_folder}", f"submission={path}"]
    assert main(words + ([f"output={tmp_path}/out"] if command == "evaluate" else [])) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("mriprivacy: the submission: has files or folders that do not belong there")
    assert not (tmp_path / "out").exists()


@pytest.mark.long
def test_scans_are_bounded_together(tmp_path: Path) -> None:
    """A zip of a hundredth of their size: each scan is small enough, all of them are not."""
    names = [f"eval/mri/sub-{n}/anat/sub-{n}_T2w.nii.gz" for n in range(80)]
    content = [(zipfile.ZipInfo(name), bytes(1_000_000)) for name in names]
    path = write_zip(tmp_path / "x.zip", packed(content))
    assert path.stat().st_size < 200_000
    with (
        pytest.raises(SubmissionError, match=r"unpack to suspiciously much, 80000000 bytes in all; expected"),
        unpacked(path, dict.fromkeys(names, 1_000_000)),
    ):
        pass
    noise = random.Random(0).randbytes(2_000_000)
    path = write_zip(tmp_path / "y.zip", packed([(zipfile.ZipInfo(name), noise) for name in names]))
    with (
        pytest.raises(
            SubmissionError, match=r"unpacks to 160000000 bytes in all; expected at most 147108864"
        ),
        unpacked(path, dict.fromkeys(names, 2_000_000)),
    ):
        pass


def test_a_scan_with_a_wrong_header_is_not_unpacked(
    defacing: Path, tiny_edition: Edition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part of it is enough to say what is wrong, in the words of the folder."""
    SCANS["cropped"][0](defacing)
    with pytest.raises(SubmissionError, match=r"^eval/mri/sub-.*keep the grid as it is") as folder:
        check_submission(defacing, tiny_edition)
    path = write_zip(tmp_path / "x.zip", packed(members(defacing)))
    written: list[str] = []
    unpack_one = archive._unpack_one

    def noted(stream: BinaryIO, member: zipfile.ZipInfo, target: Path, most: int) -> None:
        written.append(member.filename)
        unpack_one(stream, member, target, most)

    monkeypatch.setattr(archive, "_unpack_one", noted)
    with pytest.raises(SubmissionError) as zipped, received(path, tiny_edition):
        pass
    assert zipped.value.problems == folder.value.problems
    wrong = folder.value.problems[0].partition(":")[0]
    assert sorted([*written, wrong]) == sorted(info.filename for info, _ in members(defacing))


def test_a_member_that_unpacks_to_more_than_one_piece_is_whole(tmp_path: Path) -> None:
    """Also where all packed bytes were given to zlib before all of it came out."""
    body = b"".join(bytes([n]) * 1_000_000 for n in range(5))
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        path = write_zip(tmp_path / "x.zip", packed([(zipfile.ZipInfo("scores.tsv"), body)], method))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("mriprivacy.challenge.intake.archive._LARGEST_RATIO", 10_000)
            with unpacked(path, {"scores.tsv": len(body)}) as found:
                assert (found.folder / "scores.tsv").read_bytes() == body


SIZES = {"submission.json": 100, "scores.tsv": 1000, "eval/mri/CHANGES": 10}
GOOD = packed([(zipfile.ZipInfo(name), b"abc") for name in SIZES])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=4),
       cut=st.none() | st.integers(0, len(GOOD)))  # fmt: skip
def test_a_damaged_zip_is_refused_or_unpacks_as_listed(
    changes: Sequence[tuple[int, int]], cut: int | None, tmp_path: Path
) -> None:
    content = bytearray(GOOD)
    for position, value in changes:
        content[position] = value
    path = write_zip(tmp_path / "x.zip", bytes(content[:cut]))
    try:
        with unpacked(path, SIZES) as found:
            for file in found.folder.rglob("*"):
                name = file.relative_to(found.folder).as_posix()
                assert file.is_dir() or file.stat().st_size <= SIZES[name] + 1
    except SubmissionError as error:
        assert all(problem.isprintable() for problem in error.problems)  # noqa: PT017


@pytest.mark.parametrize("most", [1, 2, 3, 1000])
@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_member_comes_in_pieces_of_any_size(most: int, method: int, tmp_path: Path) -> None:
    """Bytes from which nothing comes out yet, and output for which there are no bytes left, are no end."""
    body = b"abc" * 50 + bytes(1000) + random.Random(0).randbytes(100)
    path = write_zip(tmp_path / "x.zip", packed([(zipfile.ZipInfo("scores.tsv"), body)], method))
    with path.open("rb") as stream, zipfile.ZipFile(path) as archive:
        (member,) = archive.infolist()
        pieces = list(_content(stream, member, most))
        assert b"".join(pieces) == body
        assert max(map(len, pieces)) <= most
        if method == zipfile.ZIP_DEFLATED:
            for change, words in ((-1, "cut off"), (1, "something follows")):
                member.compress_size += change
                with pytest.raises(zipfile.BadZipFile, match=words):
                    list(_content(stream, member, most))
                member.compress_size -= change
