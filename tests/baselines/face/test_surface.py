import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree

from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import (
    SurfaceError,
    crop,
    head_mask,
    head_threshold,
    isosurface,
    isotropic,
    no_signal,
    reconstruct,
)
from tests.helpers.degraded import halved


def ball(radius_mm: float, spacing: tuple[float, float, float], noise: float = 0.0) -> Scan:
    """A bright ball centred at (5, -3, 2) mm in a field of view of 80 mm."""
    shape = [int(80 / s) for s in spacing]
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = (-35, -43, -38)
    index = np.indices(shape).reshape(3, -1)
    world = affine[:3, :3] @ index + affine[:3, 3:]
    distance = np.linalg.norm(world - np.array([[5], [-3], [2]]), axis=0).reshape(shape)
    data = 100 * np.clip(radius_mm - distance + 0.5, 0, 1)  # partial volume at the edge
    rng = np.random.default_rng(0)
    return Scan(np.hypot(data + rng.normal(0, noise, shape), rng.normal(0, noise, shape)), affine)


@pytest.mark.parametrize("spacing", [(1, 1, 1), (1, 1, 2.5), (0.8, 1.2, 1.0), (2, 2, 2)])
def test_a_ball_keeps_its_place_and_size_at_any_spacing(spacing: tuple[float, float, float]) -> None:
    mesh = reconstruct(ball(25, spacing)).mesh
    assert np.allclose(mesh.center, (5, -3, 2), atol=0.3)
    radii = np.linalg.norm(mesh.points - (5, -3, 2), axis=1)
    assert abs(radii.mean() - 25) < 0.4 * max(spacing) + 0.4  # the threshold lies below half of the skin
    assert radii.std() < 0.4 * max(spacing)


def test_noise_and_specks_do_not_grow_surfaces() -> None:
    scan = ball(25, (1, 1, 1), noise=8)
    scan.data[2:5, 2:5, 2:5] = 200
    mesh = reconstruct(scan).mesh
    assert mesh.n_points > 0
    assert len(mesh.split_bodies()) == 1
    assert np.linalg.norm(mesh.points - (5, -3, 2), axis=1).min() > 22


@pytest.mark.parametrize("axes", ["RAS", "LPI", "PIR", "SAL"])
def test_orientation_changes_nothing(axes: str) -> None:
    scan = ball(25, (1, 1.5, 2))
    image = nib.Nifti1Image(scan.data, scan.affine)
    ornt = nib.orientations.ornt_transform(
        nib.io_orientation(scan.affine), nib.orientations.axcodes2ornt(axes)
    )
    turned = image.as_reoriented(ornt)
    ours, theirs = isotropic(scan, 1.0), isotropic(Scan(turned.get_fdata(), turned.affine), 1.0)
    assert np.allclose(ours.affine, theirs.affine)
    assert np.allclose(ours.data, theirs.data, atol=1e-4)


def test_resampling_keeps_world_positions() -> None:
    scan = ball(20, (1, 1.6, 2.3))
    cubic = isotropic(scan, 1.0)
    centre = np.array(ndimage.center_of_mass(cubic.data))
    assert np.allclose(cubic.affine[:3, :3] @ centre + cubic.affine[:3, 3], (5, -3, 2), atol=0.1)


@pytest.mark.parametrize("stored", ["minus its mean", "z-scored", "minus 1024, int16"])
def test_an_offset_of_the_intensities_changes_nothing(stored: str, real_head: Scan) -> None:
    """As scans are stored whose air is below 0."""
    head = halved(real_head)
    whole = Scan(np.rint(head.data).astype(np.int16), head.affine)
    data = {
        "minus its mean": whole.data - whole.data.mean(),
        "z-scored": (whole.data - whole.data.mean()) / whole.data.std(),
        "minus 1024, int16": whole.data - np.int16(1024),
    }[stored]
    ours = reconstruct(Scan(data, whole.affine), 2.0).mesh
    assert ours.volume > 0  # outside is outside
    points = reconstruct(whole, 2.0).mesh.points
    farthest = max(cKDTree(a).query(b)[0].max() for a, b in ((points, ours.points), (ours.points, points)))
    assert farthest < 0.1


def test_air_is_zero_but_for_an_offset() -> None:
    """Neither noise nor an undershoot is an offset."""
    head = ball(25, (1, 1, 1), noise=8).data
    assert no_signal(head) == no_signal(head + 20) == no_signal(head - 1) == 0.0
    assert no_signal(head - 1024) == pytest.approx(-1024, abs=5)


def test_cavities_are_filled_and_only_the_largest_component_stays() -> None:
    data = np.zeros((40, 40, 40))
    data[5:30, 5:30, 5:30] = 1
    data[10:15, 10:15, 10:15] = 0
    data[35:38, 35:38, 35:38] = 1
    mask = head_mask(data, 0.5)
    assert mask.sum() == 25**3


def test_a_head_cut_by_the_field_of_view_still_closes() -> None:
    scan = ball(25, (1, 1, 1))
    cut = Scan(
        scan.data[:, :, 30:],
        scan.affine @ np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 30], [0, 0, 0, 1.0]]),
    )
    mesh = reconstruct(cut).mesh
    assert mesh.is_manifold
    assert mesh.bounds.z_min == pytest.approx(-8, abs=1.5)


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_flat_scan_has_no_surface(value: float) -> None:
    with pytest.raises(SurfaceError):
        reconstruct(Scan(np.full((30, 30, 30), value, np.float32), np.eye(4)))


def test_a_cropped_volume_has_the_same_surface() -> None:
    scan = isotropic(ball(25, (1, 1, 1)), 1.0)
    threshold = head_threshold(scan.data)
    mask = head_mask(scan.data, threshold)
    whole = isosurface(scan.data, scan.affine, mask, threshold)
    data, affine, small = crop(scan.data, scan.affine, mask)
    assert data.size < 0.4 * scan.data.size
    cropped = isosurface(data, affine, small, threshold)
    assert np.array_equal(cropped.faces, whole.faces)
    assert np.allclose(cropped.points, whole.points, atol=1e-4)


def test_a_head_that_the_field_of_view_cuts_is_cropped_up_to_there() -> None:
    scan = isotropic(ball(25, (1, 1, 1)), 1.0)
    cut, threshold = scan.data[40:], head_threshold(scan.data)
    mask = head_mask(cut, threshold)
    whole = isosurface(cut, scan.affine, mask, threshold)
    cropped = isosurface(*crop(cut, scan.affine, mask), threshold)
    assert np.allclose(cropped.points, whole.points, atol=1e-4)
