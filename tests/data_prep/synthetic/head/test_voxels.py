import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from mriprivacy.data_prep.editions.release import canonical_scan
from mriprivacy.data_prep.synthetic.head.landmarks import closed_head
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.head.voxels import grid, nearest, resample, thinner, turned, voxelize


@pytest.mark.parametrize("scale", [(0.5, 0.7, 0.61), (1.5, 1.3, 2.0), (1.0, 1.0, 1.0)])
def test_resampling_is_linear_interpolation(scale):
    data = np.random.default_rng(0).random((9, 11, 7)).astype(np.float32)
    to_source = np.diag([*scale, 1.0])
    to_source[:3, 3] = [-0.8, 0.4, 0.0]
    expected = ndimage.affine_transform(
        data, np.diag(scale), to_source[:3, 3], output_shape=(12, 9, 10), order=1, cval=-5.0
    )
    np.testing.assert_allclose(resample(data, to_source, (12, 9, 10), -5.0), expected, atol=2e-6)


def test_nearest_keeps_labels():
    data = np.arange(8, dtype=np.uint8).reshape(2, 2, 2)
    to_source = np.diag([0.5, 0.5, 0.5, 1.0])
    to_source[:3, 3] = -0.25
    np.testing.assert_array_equal(
        nearest(data, to_source, (4, 4, 4)), data.repeat(2, 0).repeat(2, 1).repeat(2, 2)
    )


def test_thin_slices_fill_the_thick_ones():
    affine, shape = grid((4.0, 2.0, 2.0))
    fine, fine_shape = thinner(affine, shape, 3)
    assert fine_shape == (3 * shape[0], *shape[1:])
    np.testing.assert_allclose(fine @ [1, 0, 0, 1], affine @ [0, 0, 0, 1])


def test_the_release_turns_sagittal_scans_back():
    data = np.random.default_rng(0).integers(0, 9, (5, 6, 7)).astype(np.int16)
    affine = np.diag([3.0, 1.0, 1.2, 1.0])
    affine[:3, 3] = [-7, 3, 2]
    stored, stored_affine = turned(data, affine, "PSR")
    assert stored.shape == (6, 7, 5)
    back, back_affine = canonical_scan(nib.Nifti1Image(stored, stored_affine))
    np.testing.assert_array_equal(back, data)
    np.testing.assert_allclose(back_affine, affine)


def test_a_closed_head_has_no_edge():
    mesh = head_mesh({})
    vertices, triangles = closed_head(mesh.vertices)
    edges = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    assert not (np.unique(edges, axis=0, return_counts=True)[1] % 2).any()
    affine, shape = grid((6.0, 6.0, 6.0))
    # As seen along another axis: how VTK cuts it into slices makes no difference.
    other = voxelize(
        vertices[:, ::-1], triangles[:, ::-1], affine[[2, 1, 0, 3]][:, [2, 1, 0, 3]], shape[::-1]
    )
    np.testing.assert_array_equal(voxelize(vertices, triangles, affine, shape), other.transpose(2, 1, 0))
