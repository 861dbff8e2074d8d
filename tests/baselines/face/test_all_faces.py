"""Every face of a photograph is found, and a cut holds one of them and nothing of the others."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mriprivacy.baselines.face.all_faces import FacesOverlapError, cut_around, find_faces
from tests.helpers.real_faces import beside, face_of

ROWS, COLUMNS = 400, 600


def test_every_face_is_found_from_left_to_right(portraits: dict[str, Path]) -> None:
    three = [face_of(portraits[name], 160) for name in ("obama2", "biden", "obama")]
    faces = find_faces(np.asarray(beside(*three)))
    assert [int((left + right) / 2) // 160 for left, _, right, _ in faces] == [0, 1, 2]
    assert all(60 < right - left < 160 and 0 <= top < bottom <= 160 for left, top, right, bottom in faces)


def test_a_face_that_is_not_upright_counts_too(portraits: dict[str, Path]) -> None:
    """The HOG detector, which is enough for attacks, does not see it."""
    leaning = face_of(portraits["obama"], 160).rotate(-35, resample=Image.Resampling.BICUBIC)
    assert len(find_faces(np.asarray(beside(face_of(portraits["biden"], 160), leaning)))) == 2


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (30, 30), (90, 60)])
def test_where_nobody_is_none_is_found(size: tuple[int, int]) -> None:
    assert find_faces(np.full((*size, 3), 128, np.uint8)) == ()


boxes = st.tuples(st.integers(0, 500), st.integers(0, 300), st.integers(20, 100), st.integers(20, 100)).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)


@given(st.lists(boxes, min_size=1, max_size=5).map(tuple))
def test_a_cut_holds_the_face_and_no_pixel_of_another(faces: tuple) -> None:
    face, others = faces[0], faces[1:]
    try:
        left, top, right, bottom = cut_around(faces, 0, ROWS, COLUMNS)
    except FacesOverlapError:
        assert others
        return
    assert 0 <= left <= face[0] < face[2] <= right <= COLUMNS
    assert 0 <= top <= face[1] < face[3] <= bottom <= ROWS
    held = np.zeros((ROWS, COLUMNS), bool)
    held[top:bottom, left:right] = True
    assert not any(held[other[1] : other[3], other[0] : other[2]].any() for other in others)
