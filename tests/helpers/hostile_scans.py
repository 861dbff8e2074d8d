"""Defacing submissions to be refused, by what is wrong with a scan; each with words of its reason."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np

Spoil = Callable[[Path], object]


def scan(change: Callable[[nib.Nifti1Image], nib.Nifti1Image]) -> Spoil:
    """Rewrite the first eval scan with nibabel."""

    def spoil(folder: Path) -> None:
        path = first_scan(folder)
        image = nib.load(path)
        changed = change(nib.Nifti1Image(np.asanyarray(image.dataobj).copy(), image.affine))
        nib.save(changed, path)

    return spoil


def first_scan(folder: Path) -> Path:
    return min((folder / "eval" / "mri").glob("sub-*/anat/*.nii.gz"))


def unpacked(change: Callable[[bytearray], bytes | bytearray]) -> Spoil:
    """Change the uncompressed bytes of the first eval scan."""

    def spoil(folder: Path) -> None:
        path = first_scan(folder)
        path.write_bytes(gzip.compress(bytes(change(bytearray(gzip.decompress(path.read_bytes()))))))

    return spoil


def put(offset: int, value: bytes) -> Spoil:
    def change(content: bytearray) -> bytearray:
        content[offset : offset + len(value)] = value
        return content

    return unpacked(change)


def packed(change: Callable[[bytes], bytes]) -> Spoil:
    return lambda folder: first_scan(folder).write_bytes(change(first_scan(folder).read_bytes())) and None


def headed(flags: int, more: bytes) -> Callable[[bytes], bytes]:
    """Put something into the header of a gzip file that has a plain one."""
    return lambda content: content[:3] + bytes([flags]) + content[4:10] + more + content[10:]


def moved(shift: float) -> Spoil:
    def change(image: nib.Nifti1Image) -> nib.Nifti1Image:
        affine = image.affine.copy()
        affine[1, 3] += shift
        return nib.Nifti1Image(np.asanyarray(image.dataobj), affine)

    return scan(change)


def with_voxel(value: float, dtype: type = np.float32) -> Spoil:
    def change(image: nib.Nifti1Image) -> nib.Nifti1Image:
        data = np.asanyarray(image.dataobj).astype(dtype)
        data[3, 4, 5] = value
        return nib.Nifti1Image(data, image.affine)

    return scan(change)


def bomb(folder: Path) -> None:
    """The right header and then 1 GB of zeros, in 1 MB."""
    content = gzip.decompress(first_scan(folder).read_bytes())
    piece = gzip.compress(bytes(1 << 24))
    first_scan(folder).write_bytes(gzip.compress(content) + piece * 60)


def padded(folder: Path) -> None:
    with first_scan(folder).open("ab") as stream:
        stream.truncate(20_000_000)


def f4(value: float) -> bytes:
    return np.float32(value).tobytes()


def a_link_to_outside(folder: Path) -> None:
    path = first_scan(folder)
    path.rename(folder.parent / "outside.nii.gz")
    path.symlink_to(folder.parent / "outside.nii.gz")


SCANS = {
    "missing": (lambda f: first_scan(f).unlink(), "the submission: lacks files: eval/mri/sub-"),
    "uncompressed": (
        lambda f: first_scan(f).rename(str(first_scan(f))[:-3]) and None,
        "lacks files: eval/mri",
    ),
    "a scan too many": (lambda f: shutil.copy(first_scan(f), f / "eval/mri/x.nii.gz"), "do not belong there"),
    "another case": (
        lambda f: shutil.copy(first_scan(f), first_scan(f).with_name(first_scan(f).name.upper())),
        "do not belong",
    ),
    "a sidecar": (lambda f: first_scan(f).with_name("x.json").write_text("{}"), "do not belong there"),
    "a link to the original": (
        a_link_to_outside,
        "has links",
    ),
    "a folder that is a link": (
        lambda f: (f / "dev").rename(f.parent / "d") and (f / "dev").symlink_to("../d"),
        "has links",
    ),
    "not gzip": (packed(lambda _: b"hello"), "is not gzip-compressed"),
    "empty": (packed(lambda _: b""), "is not gzip-compressed"),
    "gzip of nothing": (unpacked(lambda _: b""), "ends before the last voxel"),
    "not NIfTI": (unpacked(lambda _: b"x" * 400), "is not a NIfTI-1 file"),
    "half a header": (unpacked(lambda x: x[:200]), "ends before the last voxel"),
    "truncated gzip": (packed(lambda x: x[: len(x) // 2]), "cannot be unpacked to the end"),
    "truncated before its checksum": (packed(lambda x: x[:-4]), "cannot be unpacked to the end"),
    "corrupt gzip": (packed(lambda x: x[:1000] + bytes(200) + x[1200:]), "cannot be unpacked to the end"),
    "wrong checksum": (packed(lambda x: x[:-8] + b"abcd" + x[-4:]), "cannot be unpacked to the end"),
    "truncated voxels": (unpacked(lambda x: x[:-2]), "ends before the last voxel"),
    "voxels too many": (unpacked(lambda x: x + b"\0"), "goes on after the last voxel"),
    "gzip bomb": (bomb, "goes on after the last voxel"),
    "padding": (padded, "is larger than"),
    "zeros after the end": (packed(lambda x: x + bytes(1000)), "followed by something else"),
    "an empty member before it": (
        packed(lambda x: gzip.compress(b"", mtime=0) + x),
        "cannot be unpacked to the end (an empty member that is not the last)",
    ),
    "9,000 empty members after it": (
        packed(lambda x: x + gzip.compress(b"", mtime=0) * 9_000),
        "cannot be unpacked to the end (an empty member that is not the last)",
    ),
    "a comment in gzip": (packed(headed(16, b"a message\0")), "its header has more than a name"),
    "a checksum of the header in gzip": (packed(headed(2, b"ab")), "its header has more than a name"),
    "60 kB of extra fields in gzip": (
        packed(headed(4, (60_000).to_bytes(2, "little") + bytes(60_000))),
        "its header has an extra field that is not bgzip's",
    ),
    "a long name in gzip": (packed(headed(8, b"a" * 256 + b"\0")), "a name of more than 255 bytes"),
    "30000^3": (
        put(42, np.array([30000] * 3, "<i2").tobytes()),
        "has shape (30000, 30000, 30000); the original",
    ),
    "negative extent": (put(42, np.array([-5], "<i2").tobytes()), "has dimensions [-5, "),
    "9 dimensions": (put(40, np.array([9], "<i2").tobytes()), "is not a NIfTI-1 file"),
    "two volumes": (
        scan(lambda x: nib.Nifti1Image(np.stack([x.get_fdata()] * 2, -1), x.affine)),
        "expected one 3-D volume",
    ),
    "complex": (
        scan(lambda x: nib.Nifti1Image(np.asanyarray(x.dataobj).astype(np.complex64), x.affine)),
        "complex64",
    ),
    "no such type": (put(70, np.array([999], "<i2").tobytes()), "has a header that makes no sense"),
    "NIfTI-2": (scan(lambda x: nib.Nifti2Image(np.asanyarray(x.dataobj), x.affine)), "is not a NIfTI-1 file"),
    "a pair": (put(344, b"ni1\0"), "is not a NIfTI-1 file"),
    "no sizeof_hdr": (put(0, np.array([540], "<i4").tobytes()), "NIfTI-1"),
    "cropped": (scan(lambda x: x.slicer[1:]), "keep the grid as it is"),
    "turned": (
        scan(lambda x: nib.Nifti1Image(np.swapaxes(np.asanyarray(x.dataobj), 0, 1), x.affine)),
        "has shape",
    ),
    "shifted by 0.1 mm": (moved(0.1), "moves voxels by up to 0.1 mm"),
    "flipped": (
        scan(lambda x: nib.Nifti1Image(np.asanyarray(x.dataobj), x.affine @ np.diag([-1, 1, 1, 1]))),
        "has another affine than the original",
    ),
    "a qform that is not used": (put(252, b"\0\x40\0\0"), "has another affine than the original"),
    "NaN in the affine": (put(280, f4(np.nan)), "degenerate affine"),
    "zeros in the affine": (put(280, bytes(48)), "degenerate affine"),
    "voxels in the header": (put(108, f4(100)), "has its voxels at byte 100"),
    "voxels far away": (put(108, f4(1e9)), "has its voxels at byte 1e+09"),
    "voxels nowhere": (put(108, f4(np.nan)), "has its voxels at byte nan"),
    "an extension of size 0": (
        unpacked(lambda x: x[:108] + f4(384) + x[112:348] + b"\1\0\0\0" + bytes(32) + x[352:]),
        "do not add up",
    ),
    "an intercept of NaN": (put(112, f4(2) + f4(np.nan)), "an intercept of nan; expected at most 1e+18"),
    "an intercept of 1e30": (put(112, f4(2) + f4(1e30)), "an intercept of 1e+30; expected at most 1e+18"),
    "one voxel of 1e39": (
        with_voxel(1e39, np.float64),
        "has intensities beyond 1e+18 in magnitude (0 to 1e+39)",
    ),
    "a slope of 1e38": (put(112, f4(1e38)), "has intensities beyond 1e+18 in magnitude"),
    "the ends of float32": (
        scan(lambda x: nib.Nifti1Image(np.where(x.get_fdata() > 0, 3.4e38, -3.4e38).astype("f4"), x.affine)),
        "has intensities beyond 1e+18 in magnitude (-3.4e+38 to 3.4e+38)",
    ),
    "flat after rounding": (
        scan(lambda x: nib.Nifti1Image(1e12 + x.get_fdata(), x.affine)),
        "the same value, 1e+12, in every voxel (as float32)",
    ),
    "flat after underflow": (
        scan(lambda x: nib.Nifti1Image(x.get_fdata() * 1e-60, x.affine)),
        "the same value, 0,",
    ),
    "a face in the low bits of float64": (
        scan(lambda x: nib.Nifti1Image(np.rint(x.get_fdata() / 50) + x.get_fdata() * 1e-12, x.affine)),
        "voxels (float64) that float32 does not hold, and attackers read float32; write float32 without",
    ),
    "a face in the low bits of int32": (
        scan(
            lambda x: nib.Nifti1Image(
                (np.rint(x.get_fdata() / 50) * (1 << 20) * 50 + x.get_fdata()).astype("i4"), x.affine
            )
        ),
        "voxels (int32) that float32 does not hold",
    ),
    "a face below a large intercept": (
        put(112, f4(1) + f4(1e9)),
        "voxels (int16) that float32 does not hold",
    ),
    "a NaN voxel": (with_voxel(np.nan), "voxels that are not finite numbers"),
    "an infinite voxel": (with_voxel(np.inf), "voxels that are not finite numbers"),
    "zeros": (scan(lambda x: nib.Nifti1Image(np.zeros(x.shape, np.int16), x.affine)), "the same value, 0,"),
    "sevens": (scan(lambda x: nib.Nifti1Image(np.full(x.shape, 7.0), x.affine)), "the same value, 7,"),
}
