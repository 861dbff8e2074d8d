"""Hair removal that spoils a face is found out; what leaves it as it was passes."""

from pathlib import Path

import numpy as np
import pytest

from mriprivacy.baselines.face.head_outline import outline_of
from mriprivacy.baselines.face.landmarks import find_face
from mriprivacy.baselines.hair.check import why_failed
from mriprivacy.baselines.hair.removal import Bald, remove_hair
from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort
from mriprivacy.data_prep.synthetic.people.person import draw_people
from mriprivacy.data_prep.synthetic.portrait.photograph import photograph
from tests.helpers.real_faces import face_of


@pytest.mark.parametrize("name", ["obama", "biden"])
def test_a_portrait_whose_hair_was_removed_passes(portraits: dict[str, Path], name: str) -> None:
    picture = np.asarray(face_of(portraits[name], 240))
    assert why_failed(picture, remove_hair(picture)) == ""


def test_spoilt_portraits_are_named(portraits: dict[str, Path]) -> None:
    picture = np.asarray(face_of(portraits["obama"], 240))
    face = find_face(picture, thorough=True)
    assert face is not None
    nothing = np.zeros(picture.shape[:2])
    assert why_failed(picture, Bald(picture, nothing, 1)) == "hair is left on the head"
    assert "painted over" in why_failed(picture, Bald(picture, nothing + 1, 1))
    assert "moved by" in why_failed(picture, Bald(np.roll(picture, 20, axis=1), nothing, 1))
    assert why_failed(picture, Bald(np.full_like(picture, 90), nothing, 1)) == "no face is left in it"


def painted(picture: np.ndarray, **where: tuple[float, float]) -> Bald:
    """Nothing but a mask: what is replaced where `down` and `across` lie between two values."""
    face = find_face(picture, thorough=True)
    assert face is not None
    outline = outline_of(face.landmarks, *picture.shape[:2])
    values = {"down": outline.down, "across": np.abs(outline.across)}
    inside = [(values[name] > low) & (values[name] < high) for name, (low, high) in where.items()]
    return Bald(remove_hair(picture).picture, np.all(inside, axis=0).astype(float), 1)


def test_hair_beside_both_cheeks_and_a_fringe_are_named(portraits: dict[str, Path]) -> None:
    picture = np.asarray(face_of(portraits["obama"], 240))
    curtains = painted(picture, down=(-0.2, 0.8), across=(1.0, 1.5))
    assert why_failed(picture, curtains) == "hair hides both sides of the face"
    one_side = Bald(curtains.picture, curtains.mask * (np.arange(curtains.mask.shape[1]) < 120), 1)
    assert why_failed(picture, one_side) == ""
    assert why_failed(picture, painted(picture, down=(-2.0, -0.16))) == "a fringe reaches the brows"


@pytest.mark.slow
def test_most_failures_of_synthetic_people_are_marked_and_few_others() -> None:
    """Judged by the truly bald photograph: a mark goes with the share of the head that is not like it."""
    config = SyntheticCohort(subjects=14, seed=2501)
    off: dict[bool, list[float]] = {True: [], False: []}
    for person in draw_people(config):
        shots = photograph(person, config.seed, config)
        bald = remove_hair(shots["raw"])
        difference = np.abs(bald.picture.astype(float) - shots["bald"]).mean()
        off[bool(why_failed(shots["raw"], bald))].append(float(difference))
    assert len(off[True]) == 5
    assert np.median(off[True]) > 1.5 * np.median(off[False])
