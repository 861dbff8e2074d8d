"""The two attacks on real input: a real head, real portraits."""

import numpy as np
import pytest

from mriprivacy.baselines.attacks.registry import AttackError, make_attack, similarity
from mriprivacy.baselines.face.appearance import (
    VIEWS,
    Appearance,
    Look,
    appearance_of_photo,
    appearance_of_scan,
)
from mriprivacy.baselines.face.photo import read_photo
from mriprivacy.baselines.face.render import render
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import reconstruct
from mriprivacy.baselines.face.views import View


def nothing() -> Scan:
    raise AssertionError("an attack on faces has no business with the volume")


def features(attack: str, faces) -> np.ndarray:
    vector = make_attack(attack).embed(Look("scan", faces, nothing))
    assert vector is not None
    return vector


@pytest.fixture(scope="module")
def head(real_head: Scan) -> Appearance:
    return appearance_of_scan(real_head)


@pytest.fixture(scope="module")
def people(portraits) -> dict[str, Appearance]:
    return {name: appearance_of_photo(read_photo(path)) for name, path in portraits.items()}


def test_the_face_of_a_real_head_is_found_in_every_view(head: Appearance) -> None:
    assert len(head.faces) == len(VIEWS)
    assert all(face is not None for face in head.faces)


def test_views_differ(head: Appearance) -> None:
    assert all((head.pictures[0] != picture).any() for picture in head.pictures[1:])


def test_left_is_left(real_head: Scan) -> None:
    """A bump on the subject's left cheek shows on the right of a picture taken from the front."""
    scan = reconstruct(real_head)
    left = scan.mesh.points[:, 0] < scan.mesh.center[0]
    moved = scan.mesh.copy()
    moved.points = np.where(left[:, None], moved.points + np.array([0, 15, 0]), moved.points).astype(
        np.float32
    )
    before, after = (render(type(scan)(m, 0.0), [View(0, 0)])[0].astype(int) for m in (scan.mesh, moved))
    change = np.abs(after - before).sum(axis=(0, 2))
    assert change[200:].sum() > 2 * change[:200].sum()


@pytest.mark.slow
def test_a_recoded_copy_is_nearer_than_any_other_person(real_head: Scan, head: Appearance, people) -> None:
    rng = np.random.default_rng(0)
    flipped = Scan(real_head.data[::-1], real_head.affine @ np.diag([-1.0, 1, 1, 1]))
    flipped.affine[:3, 3] = real_head.affine[:3, 3] + (real_head.data.shape[0] - 1) * real_head.affine[:3, 0]
    noisy = Scan(np.abs(flipped.data * 200 + rng.normal(0, 2, flipped.data.shape)), flipped.affine)
    for attack in ("geo", "deepface"):
        probe = features(attack, appearance_of_scan(noisy).found)
        own, *others = [features(attack, a.found) for a in (head, *people.values())]
        scores = similarity(probe[None], np.array([own, *others]))[0]
        assert scores[0] > scores[1:].max()


def test_photographs_of_one_man_are_nearer_than_anybody_else(head: Appearance, people) -> None:
    names = [*people, "head"]
    vectors = np.array([features("deepface", a.found) for a in (*people.values(), head)])
    scores = similarity(vectors, vectors)
    same = [names.index(name) for name in ("obama", "obama2", "obama3")]
    others = [names.index(name) for name in ("biden", "head")]
    assert scores[np.ix_(same, same)].min() > scores[np.ix_(same, others)].max()


def test_a_scan_without_a_head_is_a_failure_to_acquire() -> None:
    noise = Scan(np.random.default_rng(0).normal(100, 10, (40, 40, 40)), np.eye(4))
    appearance = appearance_of_scan(noise)
    assert appearance.found == ()
    assert make_attack("deepface").embed(Look("scan", appearance.found, nothing)) is None
    blank = appearance_of_scan(Scan(np.zeros((40, 40, 40)), np.eye(4)))
    assert blank.found == ()
    assert "flat" in blank.reason


def test_similarity_is_highest_for_the_same_features() -> None:
    vectors = np.random.default_rng(0).normal(size=(5, 128))
    assert (similarity(vectors, vectors).argmax(axis=1) == np.arange(5)).all()


def test_an_unknown_attack_is_named() -> None:
    with pytest.raises(AttackError, match="geo, deepface"):
        make_attack("telepathy")
