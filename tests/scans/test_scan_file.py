"""Scans of `shared/cases`' kinds: what public issue threads report of headers, each with its outcome."""

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.baselines.face.scan import read_scan
from mriprivacy.baselines.face.surface import SurfaceError, reconstruct
from mriprivacy.data_prep.cohorts.cohort_files import ScanFile, check_scan
from mriprivacy.data_prep.editions.release import ScanItem, release_scan
from mriprivacy.data_prep.formats.problems import Findings
from mriprivacy.scans.scan_file import ScanError, check_head_size, open_scan, without_padding
from tests.helpers.toy_heads import toy_head

AFFINE = np.array([[-4.0, 0, 0, 90], [0, 4.0, 0, -120], [0, 0, 4.0, -100], [0, 0, 0, 1]])
Change = Callable[[nib.Nifti1Image], None]


@pytest.fixture(scope="module")
def head() -> np.ndarray:
    return toy_head(3)


def save(path: Path, data: np.ndarray, affine: np.ndarray = AFFINE, change: Change | None = None) -> Path:
    image = nib.Nifti1Image(data, affine)
    if change:
        change(image)
    nib.save(image, path)
    return path


def units(name: str) -> Change:
    return lambda image: image.header.set_xyzt_units(name, "sec")


def readers(path: Path, folder: Path) -> list[str]:
    """Return the message of each reader: the opener, attack and deface, release, the first look of build."""
    said = []
    item = ScanItem("sub-01", "dev", "sub-a", path, Path("a.nii.gz"), ())
    found = Findings("people")
    for read in (lambda: open_scan(path), lambda: read_scan(path), lambda: release_scan(item, folder)):
        try:
            read()
            said.append("")
        except ValueError as error:
            said.append(str(error).removeprefix(f"{path}: "))
    check_scan(ScanFile("", path, {}), path.parent, found)
    return [*said, *found.problems()]


@pytest.mark.parametrize(("unit", "scale"), [("meter", 1e-3), ("micron", 1e3)])
def test_units_are_obeyed_and_said(tmp_path: Path, head: np.ndarray, unit: str, scale: float) -> None:
    path = save(tmp_path / "a.nii.gz", head, np.diag([scale, scale, scale, 1]) @ AFFINE, units(unit))
    scan = read_scan(path)
    assert np.allclose(scan.affine, AFFINE, atol=1e-3)
    assert unit in scan.remarks[0]
    release_scan(ScanItem("sub-01", "dev", "sub-a", path, Path("a.nii.gz"), ()), tmp_path / "out")
    released = nib.load(tmp_path / "out" / "a.nii.gz")
    assert np.allclose(released.header.get_zooms(), 4.0, atol=1e-3)
    assert released.header.get_xyzt_units()[0] == "mm"


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_sizes_that_no_scan_has_are_refused_before_anything_is_allocated(
    tmp_path: Path, head: np.ndarray, scale: float
) -> None:
    path = save(tmp_path / "a.nii.gz", head, np.diag([scale, scale, scale, 1]) @ AFFINE)
    said = readers(path, tmp_path / "out")
    assert all("field of view is" in line for line in said)
    assert len(said) == 4


def test_a_head_of_five_centimetres_is_refused_by_its_size(tmp_path: Path, head: np.ndarray) -> None:
    with pytest.raises(ScanError, match="field of view is 48 x 54 x 56 mm; expected 80 to 600 mm"):
        check_head_size(open_scan(save(tmp_path / "a.nii.gz", head, np.eye(4))))
    check_head_size(open_scan(save(tmp_path / "b.nii.gz", head)))


def test_of_two_transforms_the_plausible_one_is_used_and_said(tmp_path: Path, head: np.ndarray) -> None:
    def conflict(image: nib.Nifti1Image) -> None:
        image.set_qform(AFFINE, 1)
        image.set_sform(np.eye(4), 2)

    scan = read_scan(save(tmp_path / "a.nii.gz", head, change=conflict))
    assert np.allclose(scan.affine, AFFINE)
    assert "sform says voxels of 1 x 1 x 1 mm, qform of 4 x 4 x 4 mm" in scan.remarks[0]


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        (np.diag([-1, 1, 1, 1]), "sform and qform are mirror images of each other"),
        (np.diag([-1, -1, 1, 1]), "sform and qform differ by 180 degrees"),
        (np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]), "differ by 90 degrees"),
        (np.eye(4), ""),
    ],
    ids=["mirrored", "back to front", "axes exchanged", "alike"],
)
def test_transforms_that_point_elsewhere_are_said(
    axes: np.ndarray, said: str, tmp_path: Path, head: np.ndarray
) -> None:
    image = nib.Nifti1Image(head, AFFINE)
    image.set_qform(AFFINE, 1)
    image.set_sform(axes @ AFFINE, 1)
    nib.save(image, tmp_path / "scan.nii.gz")
    scan = open_scan(tmp_path / "scan.nii.gz")
    assert np.allclose(scan.affine, axes @ AFFINE)
    assert [said in remark for remark in scan.remarks] == [True] * bool(said)


def test_a_sform_that_holds_a_registration_stays(tmp_path: Path, head: np.ndarray) -> None:
    """A tenth larger and turned: as to a template. Nothing is said, nothing changed."""
    registered = np.diag([1.1, 1.1, 1.1, 1]) @ AFFINE

    def both(image: nib.Nifti1Image) -> None:
        image.set_qform(AFFINE, 1)
        image.set_sform(registered, 4)

    scan = read_scan(save(tmp_path / "a.nii.gz", head, change=both))
    assert np.allclose(scan.affine, registered)
    assert scan.remarks == ()


def test_without_orientation_a_scan_is_refused_by_all(tmp_path: Path, head: np.ndarray) -> None:
    raw = bytearray(nib.Nifti1Image(np.ascontiguousarray(head.transpose(1, 2, 0)), np.eye(4) * 4).to_bytes())
    struct.pack_into("<hh", raw, 252, 0, 0)
    path = tmp_path / "a.nii.gz"
    path.write_bytes(gzip.compress(bytes(raw), 1))
    said = readers(path, tmp_path / "out")
    assert all("orientation is unknown" in line for line in said)
    assert len(said) == 4


def test_what_attack_refuses_build_refuses(tmp_path: Path, head: np.ndarray) -> None:
    path = save(tmp_path / "a.nii.gz", head[:, :, ::4], AFFINE @ np.diag([1, 1, 4, 1]))
    for read in (lambda: read_scan(path), lambda: check_head_size(open_scan(path))):
        with pytest.raises(ScanError, match="at least 16 voxels"):
            read()


OTHERS = {
    "a.dcm": (b"\0" * 128 + b"DICM", "dcm2niix"),
    "b": (b"\0" * 128 + b"DICM", "dcm2niix"),
    "a.nrrd": (b"NRRD0004\n", "3D Slicer"),
    "a.mgz": (gzip.compress(b"\0\0\0\1"), "mri_convert a.mgz a.nii.gz"),
    "a.hdr": (b"\x5c\1\0\0" + bytes(344), "Analyze"),
    "a.mha": (b"ObjectType = Image\n", "MetaImage"),
    "a.nii": (gzip.compress(b"x" * 400), "rename it to end in .nii.gz"),
    "c.nii.gz": (b"version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 5\n", "git lfs pull"),
    "d.nii.gz": (b"/annex/objects/MD5E-s1--0.nii.gz\n", "datalad get d.nii.gz"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_formats_have_one_line_that_says_what_to_do(tmp_path: Path, name: str) -> None:
    content, remedy = OTHERS[name]
    (tmp_path / name).write_bytes(content)
    said = readers(tmp_path / name, tmp_path / "out")
    assert all(remedy in line and "\n" not in line for line in said)
    assert len(said) == 4


def test_a_link_that_was_not_fetched_names_datalad(tmp_path: Path) -> None:
    path = tmp_path / "a.nii.gz"
    path.symlink_to("../.git/annex/objects/Xx/Yy/MD5E-s1--0/MD5E-s1--0.nii.gz")
    said = readers(path, tmp_path / "out")
    assert all("datalad get a.nii.gz" in line for line in said)
    assert len(said) == 4


def test_a_packed_file_under_a_plain_name_and_the_reverse(tmp_path: Path, head: np.ndarray) -> None:
    path = save(tmp_path / "a.nii", head)
    path.rename(tmp_path / "b.nii.gz")
    with pytest.raises(ScanError, match=r"is not compressed; rename it to end in \.nii$"):
        read_scan(tmp_path / "b.nii.gz")


def test_padding_and_offsets_leave_the_head_as_it_is(head: np.ndarray) -> None:
    from mriprivacy.baselines.face.scan import Scan

    padded = head.copy()
    padded[:3] = padded[-3:] = -9999
    volumes = [reconstruct(Scan(data, AFFINE), 4.0).mesh.volume for data in (head, head - 1024, padded)]
    assert np.allclose(volumes, volumes[0], rtol=0.02)
    assert without_padding(head - 1024).min() == -1024


def test_where_no_head_can_be_separated_it_is_said(head: np.ndarray) -> None:
    """Air of MP2RAGE UNI is noise over the whole range of the signal."""
    from mriprivacy.baselines.face.scan import Scan

    noise = np.random.default_rng(0).uniform(0, 4095, head.shape)
    volume = np.where(head > 60, np.clip(head / 900, 0, 1) * 3500 + 300, noise).astype(np.int16)
    with pytest.raises(SurfaceError, match="no head could be separated"):
        reconstruct(Scan(volume, AFFINE), 4.0)
