"""Hair removal that spoils a face is found out; what leaves it as it was passes."""

from pathlib import Path

import numpy as np
import pytest

from mriprivacy.baselines.face.landmarks import find_face
from mriprivacy.baselines.hair.check import why_failed
from mriprivacy.baselines.hair.removal import Bald, remove_hair
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
    assert why_failed(picture, Bald(picture, nothing, 1)) == ""
    assert "painted over" in why_failed(picture, Bald(picture, nothing + 1, 1))
    assert "moved by" in why_failed(picture, Bald(np.roll(picture, 20, axis=1), nothing, 1))
    assert why_failed(picture, Bald(np.full_like(picture, 90), nothing, 1)) == "no face is left in it"
