"""What a file from outside holds beside what its format needs ends where it is read.

A mark stands in every such place, and is searched in all that a command wrote, packed files unpacked.
"""

import gzip
import json
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.entry.entry_file import file_digest, write_entry
from mriprivacy.challenge.evaluation.checks.face_presence import FacesLeft
from tests.helpers.board_entries import made_up
from tests.helpers.engine import ENGINE_WORDS
from tests.helpers.hostile_archives import members, packed
from tests.helpers.spoiled_entries import renamed

MARK = b"MARK"


def mark(path: Path) -> None:
    """Put the mark into the name and the time of gzip, words of the header and an extension."""
    image = nib.load(path)
    marked = nib.Nifti1Image(np.asanyarray(image.dataobj), image.affine)
    marked.header["descrip"] = b"MARK in words"
    marked.header["aux_file"] = b"MARK in a name"
    marked.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"MARK in an extension"))
    content = marked.to_bytes()
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    head = b"\x1f\x8b\x08\x08" + MARK + b"\0\xff" + b"MARK-of-a-hospital.nii\0"
    tail = struct.pack("<LL", zlib.crc32(content), len(content))
    path.write_bytes(head + packer.compress(content) + packer.flush() + tail)


def marked(folder: Path) -> list[Path]:
    """Name the files of a folder that hold the mark, and say so of their names."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and MARK in whole(path)]


def whole(path: Path) -> bytes:
    raw = path.read_bytes()
    seen = path.name.encode() + raw
    if raw[:2] == b"\x1f\x8b":
        seen += gzip.decompress(raw)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            seen += b"".join(archive.read(name) for name in archive.namelist())
    return seen


def test_the_search_finds_each_mark(defacing: Path, tmp_path: Path) -> None:
    scan = min(defacing.rglob("*.nii.gz"))
    mark(scan)
    assert whole(scan).count(MARK) == 5
    assert marked(defacing) == [scan]


@pytest.mark.long
def test_of_a_submission_nothing_is_copied(
    tiny_edition: Edition,
    tiny_edition_folder: Path,
    defacing: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A whole `evaluate` of a zip with log, report and cache; faces alone are not looked for in noise."""
    for scan in defacing.rglob("*.nii.gz"):
        mark(scan)
    (defacing / "README.md").write_text("MARK in a readme")
    (defacing / "eval" / "mri" / "CHANGES").write_text("MARK in a list of changes")
    contents = members(defacing)
    for info, _ in contents:
        info.extra = b"MK\x0a\0MARK member"[:14]
    sent, written, temporary = (tmp_path / name for name in ("sent", "written", "tmp"))
    for folder in (sent, written, temporary):
        folder.mkdir()
    (sent / "sent.zip").write_bytes(packed(contents))
    rng = np.random.default_rng(1)

    def extract(
        paths, kind, extraction, label, compute, untrusted=False, heads=()
    ) -> dict[str, ImageFeatures]:
        return {
            name: ImageFeatures(True, "", {"geo": rng.normal(size=40), "volume": rng.normal(size=40)})
            for name in paths
        }

    protocol = Protocol(attacks=["geo"], bootstrap=50, reanalysed=0)
    monkeypatch.setattr("mriprivacy.challenge.commands.evaluate.read_protocol", lambda _: protocol)
    room = "mriprivacy.challenge.evaluation.defacing."
    monkeypatch.setattr(room + "extract", extract)
    monkeypatch.setattr(room + "predict_from_images", lambda *_: ([], [], []))
    monkeypatch.setattr(room + "look_for_faces", lambda *_: FacesLeft({}, (), frozenset(), {}))
    monkeypatch.setattr(room + "SHUFFLED_KEYS", 2)
    monkeypatch.setattr(room + "KEYS_A_CALL", 2)
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    words = [f"{name}={written / name}" for name in ("output", "record", "report", "cache")]
    words += [f"edition={tiny_edition_folder}", f"submission={sent / 'sent.zip'}", "limits.open_key=true"]
    assert main(["evaluate", *words, *ENGINE_WORDS]) == 0
    captured = capsys.readouterr()
    assert "MARK" not in captured.out + captured.err
    assert marked(sent)
    assert len(list(written.rglob("*"))) > 10
    assert marked(written) == []
    assert marked(temporary) == []
    assert list(temporary.rglob("*.nii.gz")) == []  # nor what is not marked


def test_of_a_cohort_voxels_and_pixels_alone_are_released(own_cohort: Path, tmp_path: Path) -> None:
    """So of scans that somebody defaced: an edition of them is built like any other."""
    for scan in own_cohort.rglob("*_T2w.nii.gz"):
        mark(scan)
    words = ["edition.hair_removal=none", "seed=1", f"output={tmp_path / 'edition'}", *ENGINE_WORDS]
    assert main(["build", f"cohort.root={own_cohort}", *words]) == 0
    assert marked(own_cohort)
    assert len(list((tmp_path / "edition").rglob("*.nii.gz"))) > 10
    assert marked(tmp_path / "edition") == []


def test_of_an_entry_its_content_alone_goes_into_results(
    tiny_edition: Edition, tiny_edition_folder: Path, tmp_path: Path
) -> None:
    """Spaces, and how numbers and letters are written, can hold a message."""
    entry = renamed(made_up(1), edition=tiny_edition.name, edition_hash=tiny_edition.hash)
    path = write_entry(tmp_path / "entries", entry)
    digest = file_digest(path)
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(content, indent=" \t \t\t")[:-1] + " " * 900 + "\t\n}", "utf-8")
    words = ["target=results", f"edition={tiny_edition_folder / 'public'}", f"entries={tmp_path / 'entries'}"]
    assert main(["export", *words, f"output={tmp_path / 'results'}"]) == 0
    with zipfile.ZipFile(tmp_path / "results.zip") as archive:
        (name,) = (name for name in archive.namelist() if name.startswith("entries/"))
        copied = tmp_path / "copied.json"
        copied.write_bytes(archive.read(name))
    assert b"\t" not in copied.read_bytes()
    assert copied.read_text("utf-8") == json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    assert file_digest(copied) == digest  # the log and a signature still say that it is the entry
