import numpy as np
import pytest
from scipy.spatial import ConvexHull

from mriprivacy.data_prep.synthetic.cohort_settings import SyntheticCohort
from mriprivacy.data_prep.synthetic.head import mesh as hm
from mriprivacy.data_prep.synthetic.people.person import draw_person


def signed_volume(vertices, triangles):
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    return np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6


def test_a_head_has_the_size_of_a_head():
    mesh = hm.head_mesh({"macrodetails/caucasian-male-young": 1.0})
    skin = mesh.vertices[mesh.points("skin")]
    head = skin[skin[:, 2] > -60]
    assert 130 < np.ptp(head[:, 0]) < 200
    assert 180 < np.ptp(head[:, 1]) < 260
    assert 80 < head[:, 2].max() < 150


def test_axes_are_ras():
    mesh = hm.head_mesh({})
    right, left = (mesh.vertices[mesh.points(name)].mean(axis=0) for name in ("right_eye", "left_eye"))
    assert right[0] > 20
    assert left[0] < -20
    assert (right + left) / 2 == pytest.approx([0, 72, 0], abs=0.5)
    assert mesh.vertices[mesh.points("upper_teeth"), 2].mean() < -40


@pytest.mark.parametrize("part", ["right_eye", "left_eye"])
def test_faces_point_outwards(part):
    mesh = hm.head_mesh({})
    triangles = mesh.triangles(part)
    centred = mesh.vertices - mesh.vertices[mesh.points(part)].mean(axis=0)
    volume = signed_volume(centred, triangles)
    assert volume == pytest.approx(ConvexHull(centred[mesh.points(part)]).volume, rel=0.1)


def test_targets_add_up_linearly():
    one, other = {"nose/nose-hump-incr": 0.5}, {"chin/chin-width-incr": 0.7}
    neutral = hm.head_mesh({}).vertices
    moved = [hm.head_mesh(weights).vertices - neutral for weights in (one, other, one | other)]
    assert np.abs(moved[0]).max() > 1
    np.testing.assert_allclose(moved[0] + moved[1], moved[2], atol=1e-9)


def test_expression_is_added_to_the_person():
    smile = {"expression/units/caucasian/mouth-corner-puller": 1.0}
    np.testing.assert_allclose(hm.head_mesh({}, smile).vertices, hm.head_mesh(smile).vertices)


def test_left_and_right_targets_mirror_each_other():
    neutral = hm.head_mesh({}, level=0).vertices
    right, left = (
        hm.head_mesh({f"cheek/{side}-cheek-volume-incr": 1.0}, level=0).vertices - neutral
        for side in ("r", "l")
    )
    moved = [neutral[np.linalg.norm(offset, axis=1) > 0.5] for offset in (right, left)]
    assert moved[0][:, 0].min() > 0 > moved[1][:, 0].max()
    np.testing.assert_allclose(
        np.linalg.norm(right, axis=1).sum(), np.linalg.norm(left, axis=1).sum(), rtol=0.05
    )


def test_subdivision_quadruples_faces_and_keeps_parts():
    coarse, fine = (hm.subdivision(level)[1] for level in (0, 1))
    assert len(fine.quads) == 4 * len(coarse.quads)
    assert {name: 4 * len(own) for name, own in coarse.parts.items()} == {
        name: len(own) for name, own in fine.parts.items()
    }
    assert fine.quads.max() < len(fine.vertices)


def test_subdivision_is_an_average():
    operator, _ = hm.subdivision(2)
    np.testing.assert_allclose(np.asarray(operator.sum(axis=1)).ravel(), 1, atol=1e-9)
    plane = np.ones(operator.shape[1])
    np.testing.assert_allclose(operator @ plane, 1)


def test_catmull_clark_of_a_cube_is_the_known_one():
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    quads = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    operator, new, parts = hm._refine(8, quads, {"all": np.arange(6)})
    refined = operator @ corners
    assert refined.shape == (26, 3)
    assert len(new) == 24
    np.testing.assert_allclose(np.abs(refined[:8]), 5 / 9)  # corners: (F + 2R + 0P) / 3 = 5/9
    np.testing.assert_allclose(np.sort(np.abs(refined[8:20]), axis=1), [[0, 0.75, 0.75]] * 12)
    np.testing.assert_allclose(np.sort(np.abs(refined[20:]), axis=1), [[0, 0, 1]] * 6)
    assert sorted(parts["all"]) == list(range(24))


def test_two_people_differ_in_shape():
    config = SyntheticCohort()
    faces = [hm.head_mesh(draw_person(name, 7, config).weights, level=0).vertices for name in ("a", "b")]
    assert np.linalg.norm(faces[0] - faces[1], axis=1).mean() > 1


def test_an_unknown_target_is_named():
    with pytest.raises(hm.MeshDataError, match="nose/nose-of-wax"):
        hm.head_mesh({"nose/nose-of-wax": 1.0})
