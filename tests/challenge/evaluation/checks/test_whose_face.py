"""Faces and outlines of other people, by distances and correlations that are known."""

import numpy as np
import pytest

from mriprivacy.challenge.evaluation.checks import whose_face
from mriprivacy.challenge.evaluation.checks.kept_face import BOX, MARGIN, KeptFace
from mriprivacy.challenge.evaluation.checks.whose_face import OthersFace, others_faces, others_outlines

ORIGINALS = {"a": (0.0, 0.0), "b": (1.0, 0.0), "c": (1.1, 0.0), "d": (9.0, 9.0)}
SUBJECTS = {name: name for name in ORIGINALS}
NOTHING = np.zeros((1, 1, 1), np.float32)


@pytest.mark.parametrize(
    ("place", "face"), [((1.04, 0.0), "b"), ((1.06, 0.0), "c"), ((0.86, 0.0), "b"), ((0.82, 0.0), None)]
)
def test_an_outline_is_another_persons_within_a_share_of_the_way_there(
    place: tuple[float, float], face: str | None
) -> None:
    """From a to b it is 1, to c 1.1: within .15 and .165, and the nearest is named."""
    originals = {name: np.array(own) for name, own in ORIGINALS.items()}
    defaced = {**originals, "a": np.array(place)}
    found = others_outlines(originals, defaced, SUBJECTS)
    assert found == ([] if face is None else [OthersFace("a", face)])
    assert others_outlines(originals, defaced, dict.fromkeys(SUBJECTS, "one")) == []
    del defaced["a"]
    assert others_outlines(originals, defaced, SUBJECTS) == []
    assert others_outlines(originals, {}, SUBJECTS) == []


def kept(seed: int, shape: tuple[int, int, int], defaced: np.ndarray, face: np.ndarray) -> KeptFace:
    """Return a scan whose copies are of noise, and only its voxels may be alike."""
    rng = np.random.default_rng(seed + 100)
    copies = rng.normal(size=(2, *(n + 2 * MARGIN for n in BOX))).astype(np.float32)
    return KeptFace(0.5, 0.5, copies[0], copies[1], lattice(seed, shape), defaced, face)


def lattice(seed: int, shape: tuple[int, int, int]) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def test_voxels_are_correlated_in_the_face_and_only_on_one_grid() -> None:
    """a holds the face of b, with a gain; c lies on another grid, and where the face of d is is not known."""
    shape, other = (6, 5, 4), (4, 5, 6)
    face = np.arange(120).reshape(shape) % 3 == 0
    scans = {
        "a": kept(1, shape, np.where(face, 3 * lattice(2, shape) + 7, lattice(9, shape)), face),
        "b": kept(2, shape, lattice(8, shape), face),
        "c": kept(3, other, lattice(3, other), np.ones(other, bool)),
        "d": kept(4, shape, lattice(7, shape), np.zeros(shape, bool)),
    }
    before, after = whose_face._by_voxels(list(scans.values()))
    for table, side in ((before, "original_lattice"), (after, "defaced_lattice")):
        for i, one in enumerate("abd"):
            for j, head in enumerate("ab"):
                values = [getattr(scans[one], side)[face], scans[head].original_lattice[face]]
                assert table[(0, 1, 3)[i], j] == pytest.approx(np.corrcoef(*values)[0, 1], abs=1e-5)
        assert table[2, [0, 1, 3]] == pytest.approx(-1)
        assert table[[0, 1, 3], 2] == pytest.approx(-1)
        assert table[:, 3] == pytest.approx(-1)
        assert table[2, 2] == pytest.approx(1)
    assert others_faces(scans, SUBJECTS) == [OthersFace("a", "b")]
    assert others_faces(scans, {**SUBJECTS, "b": "a"}) == []


@pytest.mark.parametrize(
    ("alike", "own", "before", "named"),
    [
        (0.72, 0.6, 0, True),
        (0.68, 0.5, 0, False),
        (0.705, 0.707, 0, False),
        (0.72, 0.0, 0.6, True),
        (0.72, 0.0, 0.65, False),
    ],
)
def test_voxels_of_another_face_correlate_enough_and_more_than_those_of_the_own(
    alike: float, own: float, before: float, named: bool
) -> None:
    """A scan is a sum of orthogonal unit vectors: of the own face, the other one, and neither.

    It is named from .7 on, if that is more than the own face, and .1 more than the original's.
    """
    shape = (20, 5, 5)
    rows = np.linalg.qr(np.random.default_rng(0).normal(size=(500, 4)))[0]
    rows = np.linalg.qr(rows - rows.mean(axis=0))[0].T.reshape(4, *shape).astype(np.float32)
    mixed = own * rows[0] + alike * rows[1] + (1 - alike**2 - own**2) ** 0.5 * rows[2]
    original = before * rows[1] + (1 - before**2) ** 0.5 * rows[0]
    everywhere = np.ones(shape, bool)
    first, second = kept(1, shape, mixed, everywhere), kept(2, shape, rows[3], everywhere)
    scans = {
        "a": KeptFace(0, 0, first.original, first.defaced, original, mixed, everywhere),
        "b": KeptFace(0, 0, second.original, second.defaced, rows[1], rows[3], everywhere),
    }
    assert others_faces(scans, SUBJECTS) == [OthersFace("a", "b")] * named


def test_copies_are_means_of_eight_voxels_and_every_second_of_them_in_a_box() -> None:
    """Exact: a copy of its own voxels' numbers, in each place."""
    shape = tuple(n + 2 * MARGIN for n in BOX)
    copies = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    pooled = whose_face._pooled(copies)
    for shift in ((0, 0, 0), (1, -1, 0), (-1, 0, 1)):
        window = whose_face._windows(pooled, shift)
        assert window.shape == (2, *(n // 2 for n in BOX))
        for at in ((0, 0, 0), (3, 2, 7), (15, 7, 14)):
            x, y, z = (MARGIN + s + 2 * i for s, i in zip(shift, at, strict=True))
            mean = copies[:, x : x + 2, y : y + 2, z : z + 2].mean(axis=(1, 2, 3))
            assert window[:, *at] == pytest.approx(mean, abs=1e-6)


def test_heads_are_compared_beyond_their_average() -> None:
    """The correlation of a head in its place with every other, less the average of all; itself 1."""
    shape = tuple(n + 2 * MARGIN for n in BOX)
    rng = np.random.default_rng(0)
    heads = (rng.normal(size=(5, *shape)) + 3 * rng.normal(size=shape)).astype(np.float32)
    still = whose_face._windows(whose_face._pooled(heads), (0, 0, 0)).reshape(5, -1)
    still = (still - still.mean(axis=1, keepdims=True)) / still.std(axis=1, keepdims=True)
    beyond = still - still.mean(axis=0)
    cosine = beyond @ beyond.T / np.linalg.norm(beyond, axis=1)[:, None] / np.linalg.norm(beyond, axis=1)
    alike = whose_face._alike(heads, heads)
    assert np.diag(alike) == pytest.approx(1, abs=1e-4)
    assert (alike >= cosine - 1e-4).all()
    assert alike[~np.eye(5, dtype=bool)].max() < 0.2


@pytest.mark.parametrize("axis", [1, 2, 3])
@pytest.mark.parametrize("step", [-2, 2])
def test_a_copy_is_not_looked_for_two_voxels_away(axis: int, step: int) -> None:
    """Of noise, a voxel beside the place is half alike: blocks of two share one."""
    shape = tuple(n + 2 * MARGIN for n in BOX)
    copies = np.random.default_rng(0).normal(size=(4, *shape)).astype(np.float32)
    for far, least, most in ((step // 2, 0.9, 1.01), (step, 0.3, 0.7)):
        alike = np.diag(whose_face._alike(np.roll(copies, far, axis), copies))
        assert (least < alike).all()
        assert (alike < most).all()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_rows_are_standardized_at_any_scale_and_flat_ones_are_nothing(scale: float) -> None:
    rows = np.array([[1.0, 2, 3, 6], [5.0, 5, 5, 5]]) * scale
    standard, unit = whose_face._standard(rows), whose_face._unit(rows)
    spread = 3.5**0.5  # of 1, 2, 3 and 6, whose mean is 3
    assert standard == pytest.approx(np.array([[-2, -1, 0, 3], [0, 0, 0, 0]]) / spread)
    assert unit == pytest.approx(np.array([[1, 2, 3, 6], [5, 5, 5, 5]]) / [[50**0.5], [10]])
    assert not whose_face._unit(np.zeros((1, 3))).any()


def similar(
    after: list[list[float]], before: list[list[float]], monkeypatch: pytest.MonkeyPatch
) -> list[OthersFace]:
    """Name others' faces by correlations that are given, of voxels; small copies are like none."""
    tables = np.array(before), np.array(after)
    monkeypatch.setattr(whose_face, "_by_voxels", lambda scans: tables)
    monkeypatch.setattr(whose_face, "_alike", lambda scans, heads: np.zeros_like(tables[0]))
    none = np.zeros((1, 1, 1), bool)
    scans = {name: KeptFace(0, 0, NOTHING, NOTHING, NOTHING, NOTHING, none) for name in "ab"}
    return others_faces(scans, SUBJECTS)


@pytest.mark.parametrize(
    ("own", "other", "before", "named"),
    [
        (0.0, 0.7, 0.0, True),  # just enough
        (0.0, 0.6999, 0.0, False),
        (0.75, 0.75, 0.0, False),  # no more than its own
        (0.7499, 0.75, 0.0, True),
        (0.0, 0.75, 0.65, True),  # just so much more than before
        (0.0, 0.75, 0.6501, False),
    ],
)
def test_limits_of_a_likeness_are_reached_at_the_limit(
    own: float, other: float, before: float, named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = similar([[own, other], [0, 1]], [[1, before], [before, 1]], monkeypatch)
    assert found == [OthersFace("a", "b")] * named


def test_a_scan_is_of_the_head_that_is_most_alike_of_all_others() -> None:
    alike = np.array([[9.0, 2, 3], [1, 9, 4], [0, 0, 9]])
    found = np.array([[False, True, True], [True, False, False], [False, False, False]])
    assert whose_face._best("abc", found, alike) == [OthersFace("a", "c"), OthersFace("b", "a")]
