"""Headers of volumes made by hand, at the ends of what is accepted."""

import gzip
import io
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.challenge.intake import volumes
from mriprivacy.challenge.intake.gunzip import Gunzip
from mriprivacy.challenge.intake.volumes import (
    Checked,
    Grid,
    VolumeError,
    _check_extensions,
    _pieces,
    check_begin,
    check_volume,
    compare_grids,
    largest_file,
    parse_header,
)

DATA = np.arange(60, dtype=np.int16).reshape(3, 4, 5)


def volume(data: np.ndarray = DATA, **fields: object) -> bytes:
    """Return a NIfTI file with these fields in its header."""
    image = nib.Nifti1Image(data, np.diag([2.0, 2.0, 2.0, 1.0]))
    header = bytearray(image.to_bytes()[:348])
    parsed = np.frombuffer(header, nib.Nifti1Header.template_dtype).copy()
    for name, value in fields.items():
        parsed[name] = value
    return parsed.tobytes() + bytes(4) + data.tobytes(order="F")


def checked(tmp_path: Path, sent: bytes, original: bytes | None = None) -> Checked:
    paths = tmp_path / "sent.nii.gz", tmp_path / "original.nii.gz"
    for path, content in zip(paths, (sent, original or volume()), strict=True):
        path.write_bytes(gzip.compress(content))
    return check_volume(*paths)


def test_the_original_is_unchanged_and_says_nothing(tmp_path: Path) -> None:
    assert checked(tmp_path, volume()) == Checked(unchanged=True, has_words=False)
    other = DATA.copy()
    other[-1, -1, -1] += 1
    assert not checked(tmp_path, volume(other)).unchanged


@pytest.mark.parametrize("slope", [0.0, np.nan, np.inf, 1.0])
def test_a_slope_that_is_none_is_1_and_its_intercept_0(slope: float, tmp_path: Path) -> None:
    assert checked(tmp_path, volume(scl_slope=slope, scl_inter=0 if slope == 1 else 9)).unchanged


def test_slope_and_intercept_make_the_intensities(tmp_path: Path) -> None:
    assert checked(tmp_path, volume(DATA + 6, scl_slope=1, scl_inter=-6)).unchanged
    assert not checked(tmp_path, volume(DATA, scl_slope=1, scl_inter=-6)).unchanged
    assert checked(tmp_path, volume(DATA * 2 + 6, scl_slope=0.5, scl_inter=-3.0)).unchanged
    assert not checked(tmp_path, volume(DATA, scl_slope=0.5, scl_inter=-3.0)).unchanged


WORDS = {4: 32, 36: 38, 56: 70, 136: 148, 148: 252, 328: 344}  # first byte and the one behind the last


@pytest.mark.parametrize("at", [at for first, behind in WORDS.items() for at in (first, behind - 1)])
def test_words_are_noticed_wherever_a_header_has_room(at: int, tmp_path: Path) -> None:
    sent = bytearray(volume())
    sent[at] = 1
    assert checked(tmp_path, bytes(sent)) == Checked(unchanged=True, has_words=True)
    sent[at] = ord(" ")
    assert not checked(tmp_path, bytes(sent)).has_words


@pytest.mark.parametrize("at", [32, 38, 252])
def test_numbers_beside_the_words_are_none(at: int, tmp_path: Path) -> None:
    sent = bytearray(volume())
    sent[at] = 1
    assert not checked(tmp_path, bytes(sent)).has_words


@pytest.mark.parametrize(
    ("dims", "message"),
    [
        ([3, 0, 4, 5, 1, 1, 1, 1], "has dimensions [0, 4, 5]; expected one 3-D volume"),
        ([3, 3, 4, -1, 1, 1, 1, 1], "has dimensions [3, 4, -1]"),
        ([2, 3, 20, 1, 1, 1, 1, 1], "has dimensions [3, 20];"),
        ([1, 60, 1, 1, 1, 1, 1, 1], "has dimensions [60];"),
        ([0, 3, 4, 5, 1, 1, 1, 1], "has dimensions [3];"),
        ([4, 3, 4, 5, 2, 1, 1, 1], "has dimensions [3, 4, 5, 2]"),
        ([5, 3, 4, 5, 1, 2, 1, 1], "has dimensions [3, 4, 5, 1, 2]"),
        ([7, 3, 4, 5, 1, 1, 1, 2], "has dimensions [3, 4, 5, 1, 1, 1, 2]"),
        ([4, 3, 4, 5, 1, 2, 1, 1], None),
        ([7, 3, 4, 5, 1, 1, 1, 1], None),
        ([3, 1, 1, 1, 9, 9, 9, 9], None),
        ([3, 3, 4, 5, 0, 0, 0, 0], None),
        ([3, 3, 0, 5, 1, 1, 1, 1], "has dimensions [3, 0, 5]"),
    ],
)
def test_one_volume_has_three_extents_and_ones(dims: list[int], message: str | None) -> None:
    header = volume(dim=dims)[:348]
    if message is None:
        assert parse_header(header).shape == tuple(dims[1:4])
        return
    with pytest.raises(VolumeError) as error:
        parse_header(header)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("offset", "accepted"),
    [(352, True), (351, False), (1 << 20, True), ((1 << 20) + 16, False), (352.5, False)],
)
def test_voxels_begin_behind_the_header_and_within_a_megabyte(offset: float, accepted: bool) -> None:
    header = volume(vox_offset=offset)[:348]
    if accepted:
        assert parse_header(header).offset == offset
    else:
        with pytest.raises(VolumeError, match="expected 352, or at most 1048576"):
            parse_header(header)


@pytest.mark.parametrize(
    ("intercept", "accepted"), [(9e17, True), (-9e17, True), (2e18, False), (-2e18, False), (np.nan, False)]
)
def test_intercepts_are_bounded(intercept: float, accepted: bool) -> None:
    header = volume(scl_slope=2, scl_inter=intercept)[:348]
    if accepted:
        assert parse_header(header).intercept == np.float32(intercept)
    else:
        with pytest.raises(VolumeError, match="intercept"):
            parse_header(header)


@pytest.mark.parametrize(("moved", "accepted"), [(0.009, True), (0.011, False), (-0.011, False)])
def test_corners_may_move_by_a_hundredth_of_a_millimetre(
    moved: float, accepted: bool, tmp_path: Path
) -> None:
    """By a shift, and by a voxel size that moves the far corner alone."""
    row = [2.0, 0.0, 0.0, moved], [2.0 + moved / 2, 0.0, 0.0, 0.0]
    for one in row:
        sent = volume(srow_x=one, sform_code=2)
        original = volume(srow_x=[2.0, 0, 0, 0], sform_code=2)
        if accepted:
            assert checked(tmp_path, sent, original).unchanged
        else:
            with pytest.raises(VolumeError, match=r"moves voxels by up to 0\.011 mm"):
                checked(tmp_path, sent, original)
    other = volume(DATA.reshape(4, 3, 5))
    with pytest.raises(VolumeError, match="has shape"):
        checked(tmp_path, other)


def test_a_move_in_all_directions_is_as_long_as_it_is(tmp_path: Path) -> None:
    """.0075 mm along each of three axes are .013."""
    rows = {f"srow_{axis}": [0.0, 0.0, 0.0, 0.0] for axis in "xyz"}
    for i, own in enumerate(rows.values()):
        own[i] = 2.0
    original = volume(sform_code=2, **rows)
    for own in rows.values():
        own[3] = 0.0075
    with pytest.raises(VolumeError, match=r"up to 0\.013 mm"):
        checked(tmp_path, volume(sform_code=2, **rows), original)


def test_extensions_add_up_or_are_refused(tmp_path: Path) -> None:
    header = volume(vox_offset=352 + 48)[:348]

    def sent(*sizes: int, begin: bytes = b"\1\0\0\0") -> bytes:
        blocks = b"".join(size.to_bytes(4, "little") + bytes(max(0, size - 4)) for size in sizes)
        return header + begin + (blocks + bytes(48))[:48] + DATA.tobytes(order="F")

    for sizes in ((48,), (16, 32), (16, 16, 16)):
        assert checked(tmp_path, sent(*sizes)) == Checked(unchanged=True, has_words=True)
    for sizes in ((8, 40), (24, 24), (64,), (16, 48), (0,)):
        with pytest.raises(VolumeError, match="sizes do not add up"):
            checked(tmp_path, sent(*sizes))
    assert checked(tmp_path, sent(24, begin=bytes(4))).unchanged


def test_a_file_is_of_so_many_bytes_at_most_and_ends_with_its_voxels(tmp_path: Path) -> None:
    path = tmp_path / "original.nii.gz"
    path.write_bytes(gzip.compress(volume()))
    assert largest_file(path) == 8 * 60 + 2 * (1 << 20)
    with pytest.raises(VolumeError, match="goes on after the last voxel"):
        checked(tmp_path, volume() + b"\0")
    with pytest.raises(VolumeError, match="ends before the last voxel"):
        checked(tmp_path, volume()[:-1])
    check_begin(gzip.compress(volume()[:352]), path)
    with pytest.raises(VolumeError, match="has shape"):
        check_begin(gzip.compress(volume(DATA.reshape(4, 3, 5))), path)


@pytest.mark.parametrize(
    ("value", "message"),
    [(np.nan, "not finite numbers (2 in"), (2e18, "intensities beyond 1e+18"), (9e17, None)],
)
def test_intensities_are_finite_and_bounded(value: float, message: str | None, tmp_path: Path) -> None:
    data = DATA.astype(np.float32)
    data[0, 0, :2] = value
    if message is None:
        assert not checked(tmp_path, volume(data)).unchanged
        return
    for sign in (1, -1):
        with pytest.raises(VolumeError) as error:
            checked(tmp_path, volume(sign * data))
        assert message in str(error.value)


def test_values_that_float32_does_not_hold_are_counted(tmp_path: Path) -> None:
    data = DATA.astype(np.float64)
    assert checked(tmp_path, volume(data)).unchanged
    data[0, 0, :3] += 1e-12 + np.arange(3) * 1e-9
    with pytest.raises(VolumeError, match=r"has 3 voxels \(float64\) that float32 does not hold"):
        checked(tmp_path, volume(data + 1))
    with pytest.raises(VolumeError, match="has the same value, 7, in every voxel"):
        checked(tmp_path, volume(np.full((3, 4, 5), 7.0)))


@pytest.mark.parametrize("order", ["little", "big"])
def test_the_size_of_an_extension_ends_before_its_code(order: str) -> None:
    """Four bytes are the size, the next four say whose extension it is."""
    one = (16).to_bytes(4, order) + b"\x06\x06\x06\x06" + bytes(8)
    _check_extensions(b"\1\0\0\0" + one + one, order)
    with pytest.raises(VolumeError, match="do not add up"):
        _check_extensions(b"\1\0\0\0" + one + one[:-1], order)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (volume()[:347], "is not a NIfTI-1 file (n+1)"),
        (volume()[:344] + b"n+1", "is not a NIfTI-1 file (n+1)"),
        (volume()[:344] + b"ni1\0", "is not a NIfTI-1 file (n+1)"),
        (volume()[:345] + b"+1\0", None),
        (volume()[:349], "has a header that makes no sense"),
        (volume(sizeof_hdr=349)[:348], "is not a NIfTI-1 file (n+1)"),
        (volume(sizeof_hdr=540)[:348], "is not a NIfTI-1 file (n+1)"),
        (volume(datatype=999)[:348], "has a header that makes no sense"),
        (volume(datatype=32)[:348], "has voxels of type complex64; expected one of uint8, int8, uint16, "),
        (volume(datatype=1024)[:348], "has voxels of type int64; expected one of uint8, int8, uint16, "),
    ],
    ids=range(10),
)
def test_a_header_is_348_bytes_of_nifti_1(content: bytes, message: str | None) -> None:
    if message is None:
        assert parse_header(content).shape == (3, 4, 5)
        return
    with pytest.raises(VolumeError) as error:
        parse_header(content)
    assert str(error.value).startswith(message)


def swapped(dims: int = 3) -> bytes:
    """Return the header of a file whose numbers begin with their highest byte."""
    header = nib.Nifti1Image(DATA, np.eye(4), nib.Nifti1Header(endianness=">")).to_bytes()[:348]
    return header[:40] + dims.to_bytes(2, "big") + header[42:]


def test_a_file_of_either_byte_order_is_read_in_it(tmp_path: Path) -> None:
    assert parse_header(volume()[:348]).byteorder == "little"
    grid = parse_header(swapped())
    assert (grid.byteorder, grid.dtype, grid.shape) == ("big", np.dtype(">f4"), (3, 4, 5))
    for dims in (8, 9, 2048):  # no such number in either order, and 8 if it is swapped
        with pytest.raises(VolumeError, match=r"has dimensions \[3, 4, 5, 1, 1, 1, 1\]; expected one 3-D"):
            parse_header(swapped(dims))
    image = nib.Nifti1Image(DATA, np.diag([2.0, 2.0, 2.0, 1.0]), nib.Nifti1Header(endianness=">"))
    image.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"by hand"))
    assert checked(tmp_path, image.to_bytes()) == Checked(unchanged=True, has_words=True)


def along_x(row: list[float]) -> bytes:
    """Return a header with this first row, voxels of 1 mm along the other axes."""
    return volume(srow_x=row, srow_y=[0, 1, 0, 0], srow_z=[0, 0, 1, 0], sform_code=2)[:348]


@pytest.mark.parametrize(
    ("row", "accepted"),
    [
        ([1, 0, 0, 0], True),
        ([-1, 0, 0, 0], True),
        ([2e-6, 0, 0, 0], True),
        ([-2e-6, 0, 0, 0], True),
        ([5e-7, 0, 0, 0], False),
        ([0, 0, 0, 0], False),
        ([0, 1, 0, 5], False),
        ([np.nan, 0, 0, 0], False),
        ([1, 0, 0, np.nan], False),
        ([1, 0, 0, np.inf], False),
    ],
)
def test_an_affine_is_finite_and_can_be_inverted(row: list[float], accepted: bool) -> None:
    """A voxel has at least a millionth of a cubic millimetre."""
    if accepted:
        assert parse_header(along_x(row)).affine[0].tolist() == np.array(row, np.float32).tolist()
        return
    with pytest.raises(VolumeError, match="has a degenerate affine"):
        parse_header(along_x(row))


def grid(row: list[float], shape: tuple[int, int, int] = (3, 4, 5)) -> Grid:
    affine = np.array([row, [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], np.float64)
    return Grid(shape, affine, np.dtype("i2"), 352, 1.0, 0.0, "little")


@pytest.mark.parametrize(
    ("row", "moved"),
    [
        ([1, 0, 0, 0.01], None),  # exactly
        ([1, 0, 0, np.nextafter(0.01, 1)], ".01"),
        ([1.0045, 0, 0, -0.009], None),  # the first voxels by -.009, the last ones not at all
        ([1.009, 0, 0, -0.009], None),  # the last ones by .009
        ([0.9945, 0, 0, 0.011], ".011"),  # the first ones alone
        ([1, 0.0025, 0, 0], None),  # .0075 at the fourth
        ([1, 0.004, 0, 0], ".012"),
        ([1, 0, 0.00251, 0], ".01"),  # .01004 at the fifth
        ([1, 0, np.nan, 0], "nan"),
    ],
    ids=range(9),
)
def test_every_corner_stays_within_a_hundredth_of_a_millimetre(row: list[float], moved: str | None) -> None:
    if moved is None:
        compare_grids(grid(row), grid([1, 0, 0, 0]))
        return
    with pytest.raises(VolumeError) as error:
        compare_grids(grid(row), grid([1, 0, 0, 0]))
    assert str(error.value) == (
        f"has another affine than the original, which moves voxels by up to {moved.replace('.', '0.')} mm: "
        "keep sform and qform as they are"
    )


def test_a_grid_of_another_shape_is_told_with_both() -> None:
    with pytest.raises(VolumeError) as error:
        compare_grids(grid([1, 0, 0, 0], (3, 5, 4)), grid([1, 0, 0, 0]))
    assert str(error.value) == ("has shape (3, 5, 4); the original has (3, 4, 5): keep the grid as it is")
    assert grid([1, 0, 0, 0]).size == 3 * 4 * 5 * 2
    assert grid([1, 0, 0, 0], (30_000, 30_000, 30_000)).size == 54 * 10**12  # and no overflow


def test_a_file_may_have_as_many_bytes_as_the_largest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = len(gzip.compress(volume()))
    monkeypatch.setattr(volumes, "_largest_file", lambda _: size)
    assert checked(tmp_path, volume()).unchanged
    monkeypatch.setattr(volumes, "_largest_file", lambda _: size - 1)
    with pytest.raises(VolumeError, match=f"is larger than {size - 1} bytes, the most such a scan can need"):
        checked(tmp_path, volume())


@pytest.mark.parametrize(("offset", "words"), [(352, False), (353, True), (368, True)])
def test_what_lies_between_header_and_voxels_counts_as_words(
    offset: int, words: bool, tmp_path: Path
) -> None:
    content = volume(vox_offset=offset)
    sent = content[:352] + bytes(offset - 352) + content[352:]
    assert checked(tmp_path, sent) == Checked(unchanged=True, has_words=words)


@pytest.mark.parametrize("piece", [1, 7, 59, 60, 61])
def test_voxels_come_in_pieces_and_are_judged_together(
    piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volumes, "_PIECE", piece)
    stream = Gunzip(io.BytesIO(gzip.compress(volume()[348:])))
    lengths = [len(stored) for stored, _ in _pieces(stream, parse_header(volume()[:348]))]
    assert lengths == [piece] * (60 // piece) + [60 % piece] * (60 % piece > 0)
    assert checked(tmp_path, volume()).unchanged
    for at in (0, -1):  # in the first piece, in the last
        other = DATA.copy()
        other.flat[at] += 1
        assert not checked(tmp_path, volume(other)).unchanged
        odd = DATA.astype(np.float64)
        odd.flat[at] += 1e-12
        with pytest.raises(VolumeError, match=r"has 1 voxels \(float64\) that float32 does not hold"):
            checked(tmp_path, volume(odd + 1))
        odd.flat[at] = np.inf
        with pytest.raises(VolumeError, match=r"not finite numbers \(1 in the first piece"):
            checked(tmp_path, volume(odd))
        alone = np.full(DATA.shape, 7, np.int16)
        alone.flat[at] = 8
        assert not checked(tmp_path, volume(alone)).unchanged
        for value in (2e18, -2e18):
            far = DATA.astype(np.float32)
            far.flat[at] = value
            with pytest.raises(VolumeError, match="has intensities beyond"):
                checked(tmp_path, volume(far))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("stored", "accepted"), [(5**8, True), (5**8 + 1, False)])
def test_intensities_may_be_exactly_1e18(stored: int, accepted: bool, sign: int, tmp_path: Path) -> None:
    """5^8 times a slope of 5^10 2^18, which float32 holds exactly."""
    data = DATA.astype(np.int32)
    data[0, 0, 0] = sign * stored
    sent = volume(data, scl_slope=5**10 * 2**18)
    if accepted:
        assert not checked(tmp_path, sent).unchanged
        return
    with pytest.raises(VolumeError, match=r"has intensities beyond 1e\+18 in magnitude \("):
        checked(tmp_path, sent)


def test_no_more_is_unpacked_than_says_what_is_wrong(tmp_path: Path) -> None:
    """One byte behind the last voxel is enough, whatever follows; what is cut off behind them is refused."""
    assert checked(tmp_path, volume()).unchanged
    sent, original = tmp_path / "sent.nii.gz", tmp_path / "original.nii.gz"
    sent.write_bytes(gzip.compress(volume() + b"\0")[:-8])
    with pytest.raises(VolumeError, match="goes on after the last voxel"):
        check_volume(sent, original)
    sent.write_bytes(gzip.compress(volume())[:-8])
    with pytest.raises(VolumeError, match=r"cannot be unpacked to the end \(it ends in the middle\)"):
        check_volume(sent, original)


def test_what_is_not_there_or_a_link_is_no_volume(tmp_path: Path) -> None:
    """A link is not followed; what is wrong with the edition's own copy is no fault of the submission."""
    assert checked(tmp_path, volume()).unchanged
    sent, original = tmp_path / "sent.nii.gz", tmp_path / "original.nii.gz"
    (tmp_path / "link").symlink_to(sent)
    with pytest.raises(OSError, match="symbolic links"):
        check_volume(tmp_path / "link", original)
    for content, message in (
        (gzip.compress(volume()[:300]), "since the edition's own copy ends before the last voxel"),
        (gzip.compress(b"x" * 400), "since the edition's own copy is not a NIfTI-1 file"),
        (gzip.compress(volume())[:-40], "since the edition's own copy cannot be unpacked to the end"),
        (None, "since the edition's own copy cannot be read (No such file or directory)"),
    ):
        original.unlink() if content is None else original.write_bytes(content)
        with pytest.raises(VolumeError) as error:
            check_volume(sent, original)
        assert str(error.value).startswith(f"cannot be compared, {message}")
        assert str(error.value).endswith("; 'mriprivacy verify' checks the edition")
