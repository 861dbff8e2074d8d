"""What is left of a face is measured in voxels; small copies find heads that were moved."""

import numpy as np
import pytest

from mriprivacy.baselines.face.scan import Scan
from mriprivacy.challenge.evaluation.checks import kept_face
from mriprivacy.challenge.evaluation.checks.kept_face import (
    BOX,
    MARGIN,
    KeptFace,
    compare_scans,
    estimate_face,
    kept_share,
    small_copy,
    unchanged_share,
)
from mriprivacy.challenge.evaluation.checks.whose_face import (
    OthersFace,
    _alike,
    others_faces,
)
from tests.helpers.toy_heads import AFFINE, BRAIN, FRONT, toy_head


@pytest.fixture(scope="module")
def head() -> Scan:
    return Scan(toy_head(1), AFFINE)


def test_the_face_is_in_front_and_never_brain(head: Scan) -> None:
    face = estimate_face(head, BRAIN)
    assert 0.02 < face.mean() < 0.15
    assert not (face & BRAIN).any()
    assert np.argwhere(face)[:, 1].min() > np.argwhere(BRAIN)[:, 1].mean()


def test_orientation_changes_nothing(head: Scan) -> None:
    """The same head stored from right to left and from front to back."""
    flip = np.diag([-1.0, -1.0, 1.0, 1.0])
    flip[:2, 3] = np.array(head.data.shape)[:2] - 1
    turned = Scan(head.data[::-1, ::-1], head.affine @ flip)
    face = estimate_face(turned, BRAIN[::-1, ::-1])[::-1, ::-1]
    assert np.array_equal(face, estimate_face(head, BRAIN))
    assert np.allclose(small_copy(turned), small_copy(head))


@pytest.mark.parametrize("gain", [1.0, 0.6, 1.5])
def test_a_gain_hides_nothing_and_noise_does(head: Scan, gain: float) -> None:
    face = estimate_face(head, BRAIN)
    noise = np.random.default_rng(0).normal(size=head.data.shape) * 300
    assert kept_share(head, Scan(gain * head.data + 7, AFFINE), face) > 0.99
    assert kept_share(head, Scan(gain * head.data + noise, AFFINE), face) < 0.1
    assert kept_share(head, Scan(-gain * head.data, AFFINE), face) < 0.01


def test_a_small_copy_goes_with_the_head(head: Scan) -> None:
    moved = Scan(np.roll(head.data, (2, -3, 1), (0, 1, 2)), AFFINE)
    assert small_copy(head).shape == tuple(n + 2 * MARGIN for n in BOX)
    same = small_copy(head) > 60
    assert 0.2 < same.mean() < 0.9  # the front of the head, and air in front of it
    assert np.mean((small_copy(moved) > 60) == same) > 0.97


def test_the_same_person_twice_is_not_somebody_else() -> None:
    """Two scans of one person, undefaced, and one of another: no face of another person is found."""
    heads = {"a": toy_head(1), "b": toy_head(1), "c": toy_head(2)}
    scans = {name: compare_scans(Scan(h, AFFINE), Scan(h, AFFINE), BRAIN) for name, h in heads.items()}
    assert others_faces(scans, {"a": "s1", "b": "s1", "c": "s2"}) == []
    other = Scan(np.where(BRAIN, heads["c"], heads["a"]), AFFINE)
    swapped = {**scans, "c": compare_scans(Scan(heads["c"], AFFINE), other, BRAIN)}
    (found,) = others_faces(swapped, {"a": "s1", "b": "s1", "c": "s2"})
    assert (found.scan, found.face in ("a", "b")) == ("c", True)


def test_a_blur_that_is_most_like_its_own_head_holds_no_other() -> None:
    """Two people are alike, and a blur of one is like both, but more like the own head: no other's face.

    Of 240 blurred scans of 200 people one was named so, and an honest system was not ranked.
    """
    rng = np.random.default_rng(0)
    shape = tuple(n + 2 * MARGIN for n in BOX)
    heads = rng.normal(size=(30, *shape)).astype(np.float32)
    heads[1] = 0.8 * heads[0] + 0.6 * heads[1]
    none, nothing = np.zeros((1, 1, 1), bool), np.zeros((1, 1, 1), np.float32)
    subjects = {f"s{i}": f"s{i}" for i in range(len(heads))}

    def found(first: np.ndarray) -> list[OthersFace]:
        after = [first, *heads[1:]]
        scans = {
            name: KeptFace(0.5, 0.9, old, new, nothing, nothing, none)
            for name, old, new in zip(subjects, heads, after, strict=True)
        }
        return others_faces(scans, subjects)

    assert found(heads[0] + 0.7 * heads[1]) == []
    assert found(0.7 * heads[0] + heads[1]) == [OthersFace("s0", "s1")]


def test_a_scan_without_a_head_is_compared_all_the_same() -> None:
    empty = Scan(np.where(np.arange(48 * 54 * 56) == 5, 1.0, 0.0).reshape(FRONT.shape), AFFINE)
    found = compare_scans(empty, empty, BRAIN)
    assert found.head == 1.0
    assert np.isnan(found.face)


@pytest.mark.parametrize("axis", [1, 2, 3])
@pytest.mark.parametrize("step", [-1, 0, 1])
def test_copies_are_found_wherever_they_were_moved_to(axis: int, step: int) -> None:
    """To both sides alike, and mirrored."""
    copies = np.stack([small_copy(Scan(toy_head(seed), AFFINE)) for seed in range(1, 7)])
    for moved in (np.roll(copies, step, axis), np.roll(copies, step, axis)[:, ::-1]):
        alike = _alike(moved, copies)
        assert np.diag(alike).min() > 0.97
        assert alike[~np.eye(6, dtype=bool)].max() < 0.9


@pytest.mark.parametrize("shift", [-5, 0, 5])
def test_the_nose_is_in_the_middle_and_in_front_of_a_copy(shift: int, head: Scan) -> None:
    mask = small_copy(Scan(np.roll(head.data, shift, 0), AFFINE)) > 60
    front = np.flatnonzero(mask.any(axis=(0, 2)))[-1]
    assert front >= BOX[1] + MARGIN - 2
    nose = np.argwhere(mask[:, front])[:, 0].mean()
    assert abs(nose - (mask.shape[0] - 1) / 2) < 3


def test_a_face_is_near_the_skin_in_front_of_the_brain_and_from_forehead_to_chin() -> None:
    """A block of 26 x 30 x 44 voxels of 5 mm, its brain 3 x 3 x 3: every distance is counted by hand.

    Tissue is 5, 10, 15 ... mm below the skin, and a face no more than 20; 5 mm from the brain is beside it,
    and 25 mm from its middle forward not yet far enough.
    """
    shape, middle = (30, 34, 50), np.array([15, 14, 30])
    place = np.stack(np.indices(shape), axis=-1)
    low, high = np.array([2, 2, 3]), np.array([27, 31, 46])
    head = ((place >= low) & (place <= high)).all(axis=-1)
    brain = (np.abs(place - middle) <= 1).all(axis=-1)
    depth = np.minimum(place - low, high - place).min(axis=-1) * 5.0 + 5
    beside = np.linalg.norm(np.maximum(np.abs(place - middle) - 1, 0) * 5.0, axis=-1)
    forward, up = ((place - middle)[..., axis] * 5.0 for axis in (1, 2))
    expected = head & (depth < 25) & (beside > 5) & (forward > 25) & (up < 25) & (up > -120)
    found = estimate_face(Scan(100.0 * head, np.diag([5.0, 5.0, 5.0, 1.0])), brain)
    assert expected.any()
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("shift", [0, 3, -1])
def test_the_box_of_a_small_copy_hangs_at_the_front_the_top_and_the_middle(shift: int) -> None:
    """A block in voxels of 4 mm, from x 5 to 28, y 10 to 33 and z 8 to 51: the box begins at 0, 15 and -1."""
    data = np.zeros((40, 50, 60), np.float32)
    data[5:29, 10:34, 8:52] = np.random.default_rng(0).uniform(90, 110, size=(24, 24, 44))
    data = np.roll(data, shift, axis=(0, 1, 2))
    expected = np.pad(data, 9)[9 + shift : 43 + shift, 24 + shift : 44 + shift, 8 + shift : 42 + shift]
    assert np.array_equal(small_copy(Scan(data, np.diag([4.0, 4.0, 4.0, 1.0]))), expected)


def test_noise_beside_a_head_does_not_move_its_box() -> None:
    """Three voxels of a plane are noise, four a head."""
    head = np.zeros((40, 50, 60), np.float32)
    head[5:29, 10:34, 8:52] = 100
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    for count in (3, 4):
        data = head.copy()
        data[20, 34, 30 : 30 + count] = 100
        front = small_copy(Scan(data, affine))
        expected = small_copy(Scan(head, affine))
        if count == 3:
            assert np.array_equal(front[:, :-1], expected[:, :-1])
        else:
            assert np.array_equal(front[:, :-2] > 0, expected[:, 1:-1] > 0)


@pytest.mark.parametrize(("spacing", "step"), [(1.0, 4), (2.0, 2), (4.0, 1), (4.07, 1), (1.9, 2), (8.0, 1)])
def test_small_voxels_are_averaged_to_about_four_millimetres_and_then_stretched(
    spacing: float, step: int
) -> None:
    data = np.random.default_rng(0).uniform(size=(24, 16, 20)).astype(np.float32)
    found = kept_face._coarse(Scan(data, np.diag([spacing] * 3 + [1.0])))
    factor = spacing * step / 4
    shape = [round(n // step * (factor if abs(factor - 1) >= 0.02 else 1)) for n in data.shape]
    assert list(found.shape) == shape
    if shape == [n // step for n in data.shape]:
        assert found[0, 0, 0] == pytest.approx(data[:step, :step, :step].mean())
        assert found[-1, -1, -1] == pytest.approx(data[-step:, -step:, -step:].mean())


def test_correlation_in_a_window_is_that_of_its_voxels() -> None:
    rng = np.random.default_rng(0)
    one = 1000 + 50 * rng.normal(size=(9, 9, 9))
    other = 0.5 * one + 3 * rng.normal(size=one.shape)
    found = kept_face._correlation(one, other, np.array([3, 5, 3]))
    window = (slice(3, 6), slice(2, 7), slice(3, 6))
    assert found[4, 4, 4] == pytest.approx(np.corrcoef(one[window].ravel(), other[window].ravel())[0, 1])
    flat = kept_face._correlation(one, np.full_like(one, 7), np.array([3, 3, 3]))
    assert not flat.any()


def test_a_face_of_one_intensity_is_not_compared() -> None:
    scan, face = Scan(np.full((9, 9, 9), 7.0), np.eye(4)), np.ones((9, 9, 9), bool)
    assert np.isnan(kept_share(scan, scan, face))


def test_voxels_are_kept_within_a_hundredth_of_the_span_of_the_face() -> None:
    """Where the surroundings changed: noise in all voxels but one in 27, each kept by its own value."""
    rng = np.random.default_rng(0)
    data = rng.uniform(0, 1000, size=(27, 27, 27)).astype(np.float32)
    low, high = np.percentile(data, [1, 99])
    span, every = high - low, np.ones(data.shape, bool)
    for change, share in ((0.009, 1.0), (0.011, 0.0)):
        defaced = rng.uniform(5000, 9000, size=data.shape).astype(np.float32)
        defaced[::3, ::3, ::3] = data[::3, ::3, ::3] + change * span
        found = kept_share(Scan(data, np.eye(4)), Scan(defaced, np.eye(4)), every)
        assert found == pytest.approx(share / 27, abs=1e-9)


def test_a_true_face_is_taken_and_an_unknown_one_is_not_compared(head: Scan) -> None:
    face = np.zeros(head.data.shape, bool)
    face[20:28, 30:40, 10:20] = True
    steps = kept_face.lattice(head)
    given = compare_scans(head, head, BRAIN, face)
    assert given.face == 1
    assert np.array_equal(given.face_lattice, face[steps])
    for brain in (None, np.zeros_like(BRAIN)):
        unknown = compare_scans(head, head, brain)
        assert np.isnan(unknown.face)
        assert not unknown.face_lattice.any()
        assert unknown.head == 1
    estimated = compare_scans(head, head, BRAIN)
    assert np.array_equal(estimated.face_lattice, estimate_face(head, BRAIN)[steps])


@pytest.mark.parametrize(("spacing", "steps"), [(1.0, 6), (2.5, 2), (3.0, 2), (7.0, 1)])
def test_voxels_of_a_lattice_are_six_millimetres_apart_or_less(spacing: float, steps: int) -> None:
    scan = Scan(np.zeros((9, 9, 9)), np.diag([spacing, 1.0, 1.0, 1.0]))
    assert [one.step for one in kept_face.lattice(scan)] == [steps, 6, 6]


def test_surroundings_are_three_voxels_wide_at_least() -> None:
    """At 4 mm, 10 mm are 2.5 voxels. A gain that changes at a plane is seen one voxel to either side."""
    rng = np.random.default_rng(2)
    data = rng.uniform(500, 1000, size=(12, 12, 12)).astype(np.float32)
    defaced = np.where(np.arange(12)[:, None, None] >= 6, 2 * data, 9000 - 5 * data).astype(np.float32)
    affine, every = np.diag([4.0, 4.0, 4.0, 1.0]), np.ones(data.shape, bool)
    found = kept_share(Scan(data, affine), Scan(defaced, affine), every)
    assert found == pytest.approx(5 / 12)


def test_a_few_bright_voxels_do_not_hide_what_was_changed() -> None:
    """20 is 4 % of the head's span, and less than 1 % of what a few vessels span."""
    data = np.pad(np.linspace(500, 1000, 20**3).reshape(20, 20, 20), 4).astype(np.float32)
    data[6, 6, 4:24] = 5000
    defaced = np.where(data > 0, data + 20, data).astype(np.float32)
    assert unchanged_share(Scan(data, np.eye(4)), Scan(defaced, np.eye(4))) == 0


def test_changed_voxels_are_counted_over_those_of_the_head() -> None:
    """A head of 1000 voxels in air of 9261: between its 1st and 99th percentile 800 lie, so 8 is a change.

    20 voxels of the head are changed by more and 30 by less; 5 are put into the air.
    """
    data = np.zeros((21, 21, 21))
    data[5:15, 5:15, 5:15] = np.repeat([100.0, 500.0, 900.0], [50, 900, 50]).reshape(10, 10, 10)
    head = np.flatnonzero(data)
    defaced = data.copy().ravel()
    defaced[head[100:120]] += 8.5
    defaced[head[120:150]] -= 7.5
    defaced[:5] = 200
    scan = Scan(data, np.eye(4))
    found = kept_face.unchanged_share(scan, Scan(defaced.reshape(data.shape), np.eye(4)))
    assert found == pytest.approx(1 - 25 / 1000)
    assert kept_face.unchanged_share(scan, scan) == 1
    assert kept_face.unchanged_share(scan, Scan(data + 50, np.eye(4))) == 0  # never less


@pytest.mark.parametrize(("change", "same"), [(7.9, True), (8.0, True), (8.1, False)])
def test_a_hundredth_at_either_end_is_no_part_of_a_span(
    change: float, same: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 1000 voxels 9 are darker than 100 and 9 brighter than 900, so that the span is 800, and 8 no change.

    The span of any other percentile is at most 1000 and differs by a hundred or more.
    """
    values = np.repeat([60.0, 100.0, 300.0, 500.0, 700.0, 900.0, 5000.0], [9, 5, 86, 800, 86, 5, 9])
    data = np.zeros((21, 21, 21))
    data[5:15, 5:15, 5:15] = values.reshape(10, 10, 10)
    head, scan = data > 0, Scan(data, np.eye(4))
    some = np.flatnonzero(data)[400:410]
    defaced = data.copy()
    defaced.flat[some] -= change
    other = Scan(defaced, np.eye(4))
    assert kept_face.unchanged_share(scan, other) == pytest.approx(1.0 if same else 0.99)
    monkeypatch.setattr(kept_face, "_correlation", lambda old, *_: np.zeros(old.shape))
    assert kept_share(scan, other, head) == pytest.approx(1.0 if same else 0.99)


@pytest.mark.parametrize(("spacing", "size"), [(1.0, 10), (3.0, 3), (5.0, 3), (9.0, 3), (2.5, 4), (4.1, 3)])
def test_a_window_is_ten_millimetres_and_three_voxels_at_least(
    spacing: float, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def correlation(old: np.ndarray, new: np.ndarray, size: np.ndarray) -> np.ndarray:
        asked.append((old.shape, size.tolist()))
        return np.full(old.shape, 0.995)

    monkeypatch.setattr(kept_face, "_correlation", correlation)
    data = np.random.default_rng(0).normal(size=(9, 9, 9)).astype(np.float32)
    face = np.zeros(data.shape, bool)
    face[2:5, 1:8, 3:9] = True
    scan = Scan(data, np.diag([spacing, 1.0, 1.0, 1.0]))
    assert kept_share(scan, Scan(-data, scan.affine), face) == 1  # just .995
    assert asked == [((3, 7, 6), [size, 10, 10])]


def test_distances_from_the_middle_of_the_brain_are_along_axes_of_the_world() -> None:
    """An axis is stored backwards and another leans: 2 mm a voxel forward, .5 a voxel sideways."""
    affine = np.array([[0, -3.0, 0, 9], [2.0, 0.5, 0, 7], [0, 0, -4.0, 5], [0, 0, 0, 1]])
    brain = np.zeros((5, 6, 7), bool)
    brain[1, 2, 3] = brain[3, 2, 5] = True  # its middle is 2, 2, 4
    scan = Scan(np.zeros(brain.shape), affine)
    x, y, z = np.indices(brain.shape)
    for axis, expected in ((0, -3.0 * (y - 2)), (1, 2.0 * (x - 2) + 0.5 * (y - 2)), (2, -4.0 * (z - 4))):
        found = np.broadcast_to(kept_face._along(scan, brain, axis), brain.shape)
        assert np.allclose(found, expected)


@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1e6])
def test_a_correlation_does_not_depend_on_the_scale(scale: float) -> None:
    rng = np.random.default_rng(0)
    one = rng.normal(size=(9, 9, 9))
    other = one + rng.normal(size=one.shape)
    size = np.array([3, 3, 3])
    expected = kept_face._correlation(one, other, size)
    assert kept_face._correlation(scale * one, other / scale, size) == pytest.approx(expected, abs=1e-6)
    assert 0.2 < expected.mean() < 0.9


def test_every_voxel_of_a_small_head_is_part_of_its_span() -> None:
    """Every second voxel is 500; of the others half are 100 and half 900: a change of 7 is none."""
    data = np.zeros((21, 21, 21))
    data[5:15, 5:15, 5:15] = np.tile([100.0, 500.0, 900.0, 500.0], 250).reshape(10, 10, 10)
    for turned in (data, data[..., ::-1]):
        other = np.where(turned > 0, turned + 7, 0)
        assert kept_face.unchanged_share(Scan(turned, np.eye(4)), Scan(other, np.eye(4))) == 1


def test_a_head_of_a_few_voxels_has_a_box_too() -> None:
    """Planes of three voxels are noise where others hold more, and all there is where none does."""
    data = np.zeros((40, 50, 60), np.float32)
    data[20, 30, 40:43] = 100
    found = small_copy(Scan(data, np.diag([4.0, 4.0, 4.0, 1.0])))
    assert np.count_nonzero(found) in (0, 3)
