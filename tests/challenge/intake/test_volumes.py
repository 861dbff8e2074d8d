"""Submitted scans: the header before the voxels, no more voxels than expected, little memory."""

import gzip
import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mriprivacy.baselines.face.scan import read_scan
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.intake.submission import DefacingSubmission, check_submission
from mriprivacy.challenge.intake.volumes import VolumeError, check_volume, parse_header
from tests.helpers.hostile_scans import SCANS, f4, moved, packed, put, scan, unpacked

pytestmark = pytest.mark.long

Refused = Callable[[Path, Edition], tuple[str, ...]]


@pytest.mark.parametrize("name", SCANS)
def test_defacing_submissions_that_are_refused(
    name: str, defacing: Path, tiny_edition: Edition, refused: Refused
) -> None:
    spoil, words = SCANS[name]
    spoil(defacing)
    tracemalloc.start()
    problems = refused(defacing, tiny_edition)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert any(words in problem for problem in problems), problems
    assert peak < 20e6


ACCEPTED = {
    "as large as it may be": scan(lambda x: nib.Nifti1Image(x.get_fdata(dtype=np.float32) * 1e15, x.affine)),
    "shifted by a rounding error": moved(1e-4),
    "float32": scan(lambda x: nib.Nifti1Image((x.get_fdata() / 3).astype("f4"), x.affine)),
    "float64, as get_fdata gives it": scan(lambda x: nib.Nifti1Image(x.get_fdata(), x.affine)),
    "float64 of a float32": scan(
        lambda x: nib.Nifti1Image((x.get_fdata() / 3).astype("f4").astype("f8"), x.affine)
    ),
    "scaled by nibabel": scan(
        lambda x: nib.Nifti1Image(x.get_fdata() / 3, x.affine, nib.Nifti1Image(x.dataobj, x.affine).header)
    ),
    "scaled": put(112, f4(0.5) + f4(-3)),
    "a slope of 0": put(112, f4(0) + f4(0)),
    "one volume of four dimensions": scan(lambda x: nib.Nifti1Image(x.get_fdata()[..., None], x.affine)),
    "big endian": scan(
        lambda x: nib.Nifti1Image(np.asanyarray(x.dataobj), x.affine, nib.Nifti1Header(endianness=">"))
    ),
    "a note in the header": put(148, b"defaced by hand"),
    "an extension": unpacked(
        lambda x: x[:108] + f4(384) + x[112:348] + b"\1\0\0\0" + b"\x20\0\0\0" + bytes(28) + x[352:]
    ),
    "two gzip members": packed(
        lambda x: gzip.compress(gzip.decompress(x)[:999]) + gzip.compress(gzip.decompress(x)[999:])
    ),
    "many gzip members": packed(
        lambda x: b"".join(
            gzip.compress(gzip.decompress(x)[i : i + 64]) for i in range(0, 352 + 32 * 30 * 28 * 2, 64)
        )
    ),
    "companions of BIDS": lambda f: (
        (f / "dev" / "mri" / "dataset_description.json").write_text("{}") and None
    ),
    "a readme": lambda f: (f / "README.md").write_text("hello") and None,
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_honest_tools_write_is_accepted(name: str, defacing: Path, tiny_edition: Edition) -> None:
    ACCEPTED[name](defacing)
    submission = check_submission(defacing, tiny_edition)
    written = name in ("a note in the header", "an extension")
    assert [("which the evaluation ignores: eval/mri/" in warning) for warning in submission.warnings] == [
        True
    ] * written
    assert isinstance(submission, DefacingSubmission)
    for path in submission.scans.values():
        seen = read_scan(path)  # as the attackers read it
        # Whatever two voxels differ in, they see it: nothing is hidden below what float32 holds.
        assert np.unique(seen.data).size == np.unique(nib.load(path).get_fdata()).size


def test_scans_that_are_the_originals_are_warned_about(defacing: Path, tiny_edition: Edition) -> None:
    for i, probe in enumerate(tiny_edition.eval.probes[:2]):
        image = nib.load(tiny_edition.eval.scan(probe))
        data = image.get_fdata() if i else np.asanyarray(image.dataobj)
        nib.save(
            nib.Nifti1Image(data, image.affine),
            defacing / "eval" / "mri" / tiny_edition.eval.scan_name(probe),
        )
    (warning,) = check_submission(defacing, tiny_edition).warnings
    assert warning.startswith("2 of 10 scans have the intensities of the originals")


def test_intensities_are_compared_not_what_is_stored(defacing: Path, tiny_edition: Edition) -> None:
    probe = tiny_edition.eval.probes[0]
    image = nib.load(tiny_edition.eval.scan(probe))
    halved = nib.Nifti1Image(image.get_fdata() / 2, image.affine)
    path = defacing / "eval" / "mri" / tiny_edition.eval.scan_name(probe)
    path.write_bytes(gzip.compress(halved.to_bytes()))
    assert check_submission(defacing, tiny_edition).warnings == ()
    path.write_bytes(gzip.compress(halved.to_bytes()[:112] + f4(2) + halved.to_bytes()[116:]))
    assert len(check_submission(defacing, tiny_edition).warnings) == 1


def test_an_edition_that_is_broken_is_not_the_participants_fault(
    own_edition_folder: Path, defacing: Path, refused: Refused
) -> None:
    edition = open_edition(own_edition_folder)
    path = edition.eval.scan(edition.eval.probes[0])
    path.write_bytes(path.read_bytes()[:100])
    (problem,) = refused(defacing, edition)
    assert "the edition's own copy" in problem
    path.unlink()
    path.mkdir()
    (problem,) = refused(defacing, edition)
    assert "the edition's own copy cannot be read (Is a directory)" in problem


@settings(max_examples=300)
@given(header=st.binary(min_size=348, max_size=348), good=st.booleans())
def test_any_header_is_read_or_refused(header: bytes, good: bool) -> None:
    if good:  # the fixed fields right, so that the rest is reached
        dims = np.array([3, 4, 4, 4, 1, 1, 1, 1], "<i2").tobytes()
        header = (
            np.int32(348).tobytes()
            + header[4:40]
            + dims
            + header[56:70]
            + b"\4\0\x10\0"
            + header[74:344]
            + b"n+1\0"
        )
    try:
        grid = parse_header(header)
    except VolumeError as error:
        assert str(error).isprintable()  # noqa: PT017
    else:
        assert min(grid.shape) >= 1
        assert np.isfinite(grid.affine).all()
        # What intake judges is what the attackers will see.
        seen = nib.Nifti1Header.from_fileobj(io.BytesIO(header))
        assert np.array_equal(seen.get_best_affine(), grid.affine)
        assert seen.get_data_shape()[:3] == grid.shape
        assert seen.get_data_dtype() == grid.dtype


@given(position=st.integers(0, 10**6), value=st.integers(0, 255), cut=st.none() | st.integers(0, 10**6))
def test_a_damaged_file_is_refused_or_still_readable(
    position: int,
    value: int,
    cut: int | None,
    tiny_edition: Edition,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    original = tiny_edition.eval.scan(tiny_edition.eval.probes[0])
    content = bytearray(original.read_bytes())
    content[position % len(content)] = value
    path = tmp_path_factory.mktemp("volume") / "x.nii.gz"
    path.write_bytes(content if cut is None else content[: cut % len(content)])
    try:
        check_volume(path, original)
    except VolumeError as error:
        assert str(error).isprintable()  # noqa: PT017
    else:
        assert read_scan(path).data.shape == (32, 30, 28)
