import numpy as np
import pytest
from scipy import ndimage

from data_prep.synthetic.dataset import scan_expression
from data_prep.synthetic.head_mesh import head_mesh
from data_prep.synthetic.landmarks import find_landmarks
from data_prep.synthetic.people import draw_person, random_for
from data_prep.synthetic.scanner import scan_head
from data_prep.synthetic.settings import SyntheticCohort


def make(subject, **options):
    config = SyntheticCohort()
    rng = random_for(7, subject, "scan")
    mesh = head_mesh(draw_person(subject, 7, config).weights, scan_expression(rng, config))
    return scan_head(mesh, rng, **options)


@pytest.fixture(scope="module")
def scan():
    return make("sub-0001", spacing_mm=2.0)


def test_same_seed_same_voxels(scan):
    again = make("sub-0001", spacing_mm=2.0)
    np.testing.assert_array_equal(again.data, scan.data)
    np.testing.assert_array_equal(again.affine, scan.affine)
    np.testing.assert_array_equal(again.brain, scan.brain)


def test_scan_is_a_ras_volume_of_the_asked_spacing(scan):
    assert scan.data.dtype == np.int16
    assert scan.data.min() >= 0
    np.testing.assert_allclose(np.diag(scan.affine), [2, 2, 2, 1])
    centre = scan.affine[:3, :3] @ ((np.array(scan.data.shape) - 1) / 2) + scan.affine[:3, 3]
    assert np.abs(centre).max() < 20


def test_everybody_has_the_same_grid(scan):
    other = make("sub-0002", spacing_mm=2.0)
    assert other.data.shape == scan.data.shape
    np.testing.assert_array_equal(other.affine, scan.affine)
    assert (other.data != scan.data).any()


def test_brain_has_the_volume_of_a_brain_and_lies_within_the_skull(scan):
    litres = scan.brain.sum() * 8 / 1e6
    assert 0.7 < litres < 1.9
    brain = scan.brain > 0
    assert ndimage.label(brain)[1] == 1
    # Slice by slice: the dark skull opens into the dark airways, and those into the room.
    slices = [ndimage.binary_fill_holes(piece) for piece in np.moveaxis(scan.data > 150, 2, 0)]
    head = np.stack(slices, axis=2)
    depth = ndimage.distance_transform_edt(head, sampling=2.0)
    assert (depth[brain] < 6).mean() < 0.001


def test_tissues_have_the_contrast_of_t2(scan):
    brain = ndimage.binary_erosion(scan.brain > 0)
    rim = ndimage.binary_dilation(scan.brain > 0) & ~(scan.brain > 0)
    shell = ndimage.binary_dilation(scan.brain > 0, iterations=3) & ~ndimage.binary_dilation(
        scan.brain > 0, iterations=2
    )
    upper = np.arange(scan.data.shape[2]) > np.argwhere(brain)[:, 2].mean()
    air = scan.data[:6, :6, -6:]
    assert np.median(scan.data[rim]) > np.median(scan.data[brain])  # fluid is brightest
    assert np.median(scan.data[shell & upper]) < 0.6 * np.median(scan.data[brain])  # bone is dark
    assert np.median(air) < 0.2 * np.median(scan.data[brain])


def test_noise_is_rician(scan):
    air = scan.data[:8, :8, -8:].astype(float).ravel()
    # Rayleigh: mean / standard deviation = sqrt(pi / (4 - pi)) = 1.91
    assert air.mean() / air.std() == pytest.approx(np.sqrt(np.pi / (4 - np.pi)), rel=0.1)


def test_noise_free_air_is_empty():
    quiet = make("sub-0001", spacing_mm=3.0, noise=0.0)
    assert quiet.data[:4, :4, -4:].max() == 0


def test_head_is_one_piece_with_air_inside(scan):
    head = ndimage.gaussian_filter(scan.data.astype(np.float32), 0.7) > 110
    labels, count = ndimage.label(head)
    sizes = np.bincount(labels.ravel())[1:]
    assert sizes.max() / sizes.sum() > 0.98, count
    filled = ndimage.binary_fill_holes(head)
    assert (filled & ~head).sum() > 500


def test_landmarks_are_where_they_should_be():
    marks = find_landmarks(head_mesh({"macrodetails/caucasian-male-young": 1.0}))
    assert marks.nose_tip[1] > marks.right_eye[1] + 25
    assert marks.chin[2] < marks.mouth_centre[2] < marks.nose_tip[2] < marks.right_eye[2]
    assert 10 < marks.eye_radius < 16
    assert abs(marks.nose_tip[0]) < 4


@pytest.mark.slow
def test_a_finer_scan_shows_the_same_head(scan):
    fine = make("sub-0001", spacing_mm=1.0)
    np.testing.assert_allclose(np.diag(fine.affine), [1, 1, 1, 1])
    assert fine.brain.sum() == pytest.approx(8 * scan.brain.sum(), rel=0.03)
