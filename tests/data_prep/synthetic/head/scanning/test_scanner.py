from dataclasses import replace

import numpy as np
import pytest
import pyvista as pv
from scipy import ndimage

from mriprivacy.baselines.face.appearance import appearance_of_scan
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import reconstruct
from mriprivacy.baselines.face.views import make_views
from mriprivacy.data_prep.formats.schema import CONTRASTS
from mriprivacy.data_prep.synthetic.cohort_settings import ScanSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.dataset import scan_expression
from mriprivacy.data_prep.synthetic.head.landmarks import find_landmarks, ibug_landmarks
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.head.scanning.scanner import lie_down, scan_head
from mriprivacy.data_prep.synthetic.head.tissues import BRAIN, LABEL
from mriprivacy.data_prep.synthetic.head.voxels import FIELD_OF_VIEW
from mriprivacy.data_prep.synthetic.people.person import draw_person, random_for
from mriprivacy.data_prep.synthetic.people.traits import draw_traits

LIDS = "expression/units/caucasian/eye-left-closure"


def make(subject, **options):
    config = SyntheticCohort(scans=ScanSettings(cut=0.0, open_eyes=0.0))
    config.scans = replace(config.scans, **options)
    rng = random_for(7, subject, "scan")
    mesh = head_mesh(draw_person(subject, 7, config).weights, scan_expression(rng, config))
    return scan_head(mesh, rng, config.scans)


@pytest.fixture(scope="module")
def scan():
    return make("sub-0001", spacing_mm=2.0, contrasts=[*CONTRASTS])


@pytest.fixture(scope="module")
def t2(scan):
    return scan.images["T2w"]


def test_same_seed_same_voxels(scan):
    again = make("sub-0001", spacing_mm=2.0, contrasts=["T1w", "T2w"])
    for contrast in ("T1w", "T2w"):
        np.testing.assert_array_equal(again.images[contrast], scan.images[contrast])
    np.testing.assert_array_equal(again.affine, scan.affine)
    np.testing.assert_array_equal(again.labels, scan.labels)


def test_scan_is_a_ras_volume_of_the_asked_spacing(scan, t2):
    assert t2.dtype == np.int16
    assert t2.min() >= 0
    np.testing.assert_allclose(np.diag(scan.affine), [2, 2, 2, 1])
    centre = scan.affine[:3, :3] @ ((np.array(t2.shape) - 1) / 2) + scan.affine[:3, 3]
    assert np.abs(centre).max() < 20


def test_everybody_has_the_same_grid(scan):
    other = make("sub-0002", spacing_mm=2.0, cut=1.0)
    assert other.labels.shape == scan.labels.shape
    np.testing.assert_array_equal(other.affine, scan.affine)
    assert (other.labels != scan.labels).any()


def test_brain_has_the_volume_of_a_brain_and_lies_within_the_skull(scan, t2):
    litres = scan.brain.sum() * 8 / 1e6
    assert 0.7 < litres < 1.9
    brain = scan.brain > 0
    assert ndimage.label(brain)[1] == 1
    # Slice by slice: the dark skull opens into the dark airways, and those into the room.
    slices = [ndimage.binary_fill_holes(piece) for piece in np.moveaxis(t2 > 150, 2, 0)]
    head = np.stack(slices, axis=2)
    depth = ndimage.distance_transform_edt(head, sampling=2.0)
    assert (depth[brain] < 6).mean() < 0.001


def test_tissues_have_the_contrast_of_t2(scan, t2):
    brain = ndimage.binary_erosion(scan.brain > 0)
    rim = ndimage.binary_dilation(scan.brain > 0) & ~(scan.brain > 0)
    shell = ndimage.binary_dilation(scan.brain > 0, iterations=3) & ~ndimage.binary_dilation(
        scan.brain > 0, iterations=2
    )
    upper = np.arange(t2.shape[2]) > np.argwhere(brain)[:, 2].mean()
    air = t2[:6, :6, -6:]
    assert np.median(t2[rim]) > np.median(t2[brain])  # fluid is brightest
    assert np.median(t2[shell & upper]) < 0.6 * np.median(t2[brain])  # bone is dark
    assert np.median(air) < 0.2 * np.median(t2[brain])


def test_noise_is_rician(t2):
    air = t2[:8, :8, -8:].astype(float).ravel()
    # Rayleigh: mean / standard deviation = sqrt(pi / (4 - pi)) = 1.91
    assert air.mean() / air.std() == pytest.approx(np.sqrt(np.pi / (4 - np.pi)), rel=0.1)


def test_noise_free_air_is_empty():
    quiet = make("sub-0001", spacing_mm=3.0, noise=0.0)
    assert quiet.images["T2w"][:4, :4, -4:].max() == 0


def test_head_is_one_piece_with_air_inside(t2):
    head = ndimage.gaussian_filter(t2.astype(np.float32), 0.7) > 110
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


def test_the_brain_mask_is_grey_and_white_matter_and_the_fluid_between(scan):
    np.testing.assert_array_equal(scan.brain > 0, np.isin(scan.labels, BRAIN))
    litres = {
        name: np.mean(scan.labels == LABEL[name]) * scan.labels.size * 8e-6 for name in ("grey", "white")
    }
    assert 0.35 < litres["grey"] < 1.0
    assert 0.25 < litres["white"] < 0.8


@pytest.mark.parametrize(
    ("contrast", "order"), [("T1w", "csf grey white fat"), ("T2w", "bone white grey csf")]
)
def test_signals_are_those_of_the_labels(scan, contrast, order):
    """Within each tissue, away from its borders."""
    inner = {name: ndimage.binary_erosion(scan.labels == LABEL[name]) for name in order.split()}
    means = [np.median(scan.images[contrast][where]) for where in inner.values()]
    assert means == sorted(means)
    assert min(np.diff(means)) > 50


def test_the_face_mask_is_in_front_near_the_skin_and_never_brain(scan, t2):
    face = scan.face > 0
    assert not (face & (scan.brain > 0)).any()
    assert 0.1 < face.sum() * 8e-6 < 0.6  # litres
    depth = ndimage.distance_transform_edt(ndimage.binary_fill_holes(scan.labels > 0), sampling=2.0)
    assert depth[face].max() < 16
    # All points of the face are in it or at its border; those of the jaw reach to the ears.
    places = (np.array(list(scan.landmarks.values())) - scan.affine[:3, 3]) / 2
    near = ndimage.binary_dilation(face, iterations=2)
    assert near[tuple(np.rint(places[17:]).astype(int).T)].all()


@pytest.mark.slow
def test_landmarks_lie_on_the_skin():
    quiet = make("sub-0003", spacing_mm=1.0, noise=0.0)
    points = np.array(list(quiet.landmarks.values()))
    assert points.shape == (68, 3)
    surface = reconstruct(Scan(quiet.images["T2w"], quiet.affine), 1.0).mesh
    distance = np.abs(pv.PolyData(points).compute_implicit_distance(surface)["implicit_distance"])
    assert distance[:60].max() < 2.0
    assert distance[60:].max() < 4.0  # where the lips meet: a seam that voxels close


def test_sagittal_slices_are_thick_and_show_the_same_head(scan):
    sagittal = make("sub-0001", spacing_mm=2.0, acquisition="sagittal", slice_mm=4.0, contrasts=["T2w"])
    np.testing.assert_allclose(np.diag(sagittal.affine), [4, 2, 2, 1])
    assert sagittal.images["T2w"].shape == sagittal.labels.shape == (51, *scan.labels.shape[1:])
    assert sagittal.brain.sum() == pytest.approx(scan.brain.sum() / 2, rel=0.02)
    pairs = scan.labels.reshape(51, 2, *scan.labels.shape[1:])
    assert (sagittal.labels[:, None] == pairs).any(axis=1).mean() > 0.97
    for name, point in scan.landmarks.items():
        np.testing.assert_allclose(sagittal.landmarks[name], point)


def test_a_cut_field_of_view_spares_the_face():
    """The chin or one ear is out of it; eyes, nose, mouth and the whole skull are in it."""
    low, high = FIELD_OF_VIEW
    kinds = set()
    for number in range(1, 17):
        mesh = head_mesh(draw_person(f"sub-{number:04d}", 7, SyntheticCohort()).weights)
        motion = lie_down(mesh, np.random.default_rng(number), ScanSettings(cut=1.0))
        points = np.array(list(ibug_landmarks(mesh).values())) @ motion[:3, :3].T + motion[:3, 3]
        assert ((points[17:] > low + 8) & (points[17:] < high - 8)).all()
        skin = mesh.vertices[mesh.points("skin")] @ motion[:3, :3].T + motion[:3, 3]
        upper = skin[skin[:, 2] > points[36:48, 2].mean() + 30]
        assert ((upper > low) & (upper < high)).all()
        ears = (skin[skin[:, 2] > points[48:, 2].max(), 0][:, None] * [-1, 1]).max(axis=0) > high[0]
        kinds.add((bool(points[8, 2] < low[2]), *ears.tolist()))
    assert kinds == {(True, False, False), (False, True, False), (False, False, True)}


def test_an_uncut_field_of_view_holds_the_head():
    low, high = FIELD_OF_VIEW
    for number in range(1, 9):
        mesh = head_mesh(draw_person(f"sub-{number:04d}", 7, SyntheticCohort()).weights)
        motion = lie_down(mesh, np.random.default_rng(number), ScanSettings(cut=0.0))
        head = mesh.vertices[mesh.points("skin")] @ motion[:3, :3].T + motion[:3, 3]
        chin = (motion[:3, :3] @ ibug_landmarks(mesh)["ibug-09"] + motion[:3, 3])[2]
        assert ((head[head[:, 2] > chin] > low) & (head[head[:, 2] > chin] < high)).all()


def test_which_scanner_it_is_has_nothing_to_do_with_the_person(scan):
    """It is drawn from the stream of the scan, which knows the seed and the id."""
    config = SyntheticCohort()

    def drawn(subject):
        rng = random_for(7, subject, "scan")
        scan_expression(rng, config)
        return int(rng.integers(2))

    assert scan.scanner == drawn("sub-0001")
    subjects = [f"sub-{number:04d}" for number in range(1, 401)]
    sexes = np.array([draw_traits(subject, 7, config)[0] for subject in subjects])
    scanners = np.array([drawn(subject) for subject in subjects])
    for sex in "FM":
        assert abs(scanners[sexes == sex].mean() - 0.5) < 0.1


def test_eyes_are_mostly_closed():
    rng = np.random.default_rng(0)
    lids = [scan_expression(rng, SyntheticCohort())[LIDS] for _ in range(400)]
    assert set(lids) == {0.0, 1.0}
    assert 0.8 < np.mean(lids) < 0.9


def test_lids_meet_when_closed():
    """The points of the lids' margins, upper to lower; the corners of the eyes stay."""
    open_, closed = (
        ibug_landmarks(head_mesh({}, {LIDS: weight, LIDS.replace("left", "right"): weight}))
        for weight in (0, 1)
    )
    for upper, lower in ((38, 42), (39, 41), (44, 48), (45, 47)):
        gap = [
            np.linalg.norm(points[f"ibug-{upper}"] - points[f"ibug-{lower}"]) for points in (open_, closed)
        ]
        assert gap[0] > 6
        assert gap[1] < 2
    for corner in (37, 40, 43, 46):
        np.testing.assert_allclose(closed[f"ibug-{corner}"], open_[f"ibug-{corner}"], atol=5)


@pytest.mark.slow
def test_a_finer_scan_shows_the_same_head(scan):
    fine = make("sub-0001", spacing_mm=1.0)
    np.testing.assert_allclose(np.diag(fine.affine), [1, 1, 1, 1])
    assert int(fine.brain.sum()) == pytest.approx(8 * int(scan.brain.sum()), rel=0.03)


@pytest.mark.parametrize("contrast", CONTRASTS)
def test_a_face_is_found_in_every_contrast(contrast, scan):
    head = Scan(scan.images[contrast], scan.affine)
    seen = appearance_of_scan(head, 2.0, make_views([(0, 0), (15, 0)]))
    assert len(seen.found) == 2
    assert seen.checks["nose_mm"] > 15
