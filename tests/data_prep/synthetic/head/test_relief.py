import numpy as np
import pytest

from mriprivacy.data_prep.synthetic.head.mesh import MeshDataError, base_mesh, head_mesh, target, target_names
from mriprivacy.data_prep.synthetic.head.relief import MOVED_MM, relief, relief_names


def test_every_direction_moves_the_face_alone():
    neutral = base_mesh().mesh
    eyes = neutral.points("left_eye", "right_eye")
    for name in relief_names():
        indices, offsets = target(name)
        assert len(indices) > 20, name
        assert neutral.vertices[indices, 1].min() > 10
        assert 0.3 * MOVED_MM < np.abs(offsets).max() <= 2 * MOVED_MM
        ball = np.isin(indices, eyes)
        assert np.abs(offsets[ball]).max(initial=0) < 0.02 * MOVED_MM


def test_directions_are_listed_with_the_targets_and_are_opposites():
    assert target_names("relief") == tuple(sorted(relief_names())) == relief_names()
    for more, less in zip(relief_names()[1::2], relief_names()[::2], strict=True):
        assert more.replace("incr", "decr") == less
        np.testing.assert_array_equal(target(more)[1], -target(less)[1])


def test_both_sides_move_alike():
    face = np.array([[x, 95.0, z] for z in (-80.0, -30.0, 40.0) for x in (-48.0, -16.0, 16.0, 48.0)])
    for name in relief_names():
        indices, offsets = relief(name, face)
        moved = np.zeros_like(face)
        moved[indices] = offsets
        mirrored = moved.reshape(3, 4, 3)[:, ::-1].reshape(-1, 3) * [-1, 1, 1]
        np.testing.assert_allclose(moved, mirrored, atol=1e-8)


@pytest.mark.parametrize("name", ["relief/99-0-y-incr", "relief/00-0-x-incr", "relief/x"])
def test_another_name_is_no_target(name):
    with pytest.raises(MeshDataError, match=name):
        head_mesh({name: 1.0})
