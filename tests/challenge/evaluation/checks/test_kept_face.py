"""What is left of a face is measured in voxels; small copies find heads that were moved."""

import numpy as np
import pytest

from mriprivacy.baselines.face.scan import Scan
from mriprivacy.challenge.evaluation.checks.kept_face import (
    BOX,
    MARGIN,
    KeptFace,
    compare_scans,
    estimate_face,
    kept_share,
    small_copy,
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
