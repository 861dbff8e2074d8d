"""The average head: where its face and its brain are, from files that other packages carry.

Everything a defacer needs is expressed around one template, the average of 50 heads of the voxface package
(T1w, 2 mm). Two other volumes are tied to it by fixed affines: pydeface's face mask and the ICBM152 brain of
nilearn. Files are located without importing the packages.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.baselines.face.scan import Scan, settled
from mriprivacy.scoring.errors import SetupError, UserError


class AlignmentError(UserError):
    """A scan that cannot be brought to the average head, or whose brain is out of the field of view."""


# World (mm) of the average head -> world of pydeface's mean_reg2mean, -> world of nilearn's ICBM152 2009a.
# Both were fitted with `niimath A -allineate B -savemat` (12 parameters); the tests fit them again.
HEAD_TO_PYDEFACE = np.array(
    [
        [0.9690, 0.0597, 0.0341, -6.0091],
        [-0.0684, 0.9775, 0.1227, -3.5475],
        [-0.0241, -0.1550, 0.9364, -9.9623],
        [0.0000, 0.0000, 0.0000, 1.0000],
    ]
)
HEAD_TO_MNI = np.array(
    [
        [1.0804, -0.0013, 0.0042, -0.1972],
        [-0.0127, 1.0277, 0.2827, -23.6733],
        [-0.0196, -0.3125, 1.1436, -7.5117],
        [0.0000, 0.0000, 0.0000, 1.0000],
    ]
)


def package_file(package: str, name: str) -> Path:
    """Locate a data file of an installed package without importing the package.

    Parameters
    ----------
    package : str
        The importable name.
    name : str
        The file, relative to the package's folder.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    SetupError
        If the package or the file is not installed.

    Examples
    --------
    >>> package_file("pydeface", "data/facemask.nii.gz").name
    'facemask.nii.gz'
    """
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        if (Path(folder) / name).is_file():
            return Path(folder) / name
    found = (
        f"it is installed in {', '.join(folders)}, without that file" if folders else "it is not installed"
    )
    raise SetupError(
        f"the file {name} of the package {package} is needed, but {found}: pip install {package}"
    )


def _read(path: Path) -> Scan:
    image = nib.load(path)
    return Scan(np.asarray(image.dataobj, dtype=np.float32), np.asarray(image.affine, dtype=np.float64))


@cache
def average_head() -> Scan:
    """Return the average head, T1w, 2 mm, in arbitrary units; air is close to 0."""
    return _read(package_file("voxface", "templates/ConteCore2_50_T1w_2mm.nii.gz"))


@cache
def average_head_t2w() -> Scan:
    """Return the average head about as T2w would show it: a made contrast, only good for registering to.

    Inside the brain and the fluid around it (3 mm) bright and dark change places; fat, muscle and skin are
    dimmed to about half, so that the brain is the brightest part of the head.
    """
    head = average_head()
    tissue = head.data > 0.05 * head.data.max()
    inside = average_brain().data > -3.0
    turned = np.where(tissue, np.clip(1.1 * head.data.max() - head.data, 0.0, None), head.data)
    return Scan(np.where(inside, turned, 0.55 * head.data).astype(np.float32), head.affine)


@cache
def average_face() -> Scan:
    """Return the signed distance (mm) to the face of the average head: positive inside, negative outside.

    The face is what voxface's mask gives up: eyes to chin, ear to ear, the brow, and the air in front.
    """
    mask = _read(package_file("voxface", "templates/ConteCore2_50_2mm_deface_mask.nii.gz"))
    return Scan(_signed_distance(mask.data < 0.5, mask.spacing), mask.affine)


@cache
def average_brain() -> Scan:
    """Return the signed distance (mm) to the brain of the average head: positive inside, negative outside.

    The brain is where nilearn's skull-stripped ICBM152 T1 is above zero (what nilearn's own brain mask is
    made of), brought to the grid of the average head.
    """
    name = "datasets/data/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
    mni = _read(package_file("nilearn", name))
    brain = Scan((mni.data > 0).astype(np.float32), mni.affine)
    head = average_head()
    inside = bring(brain, HEAD_TO_MNI, head, outside=0.0) >= 0.5
    inside = ndimage.binary_fill_holes(inside)
    return Scan(_signed_distance(inside, head.spacing), head.affine)


@cache
def pydeface_mask() -> Scan:
    """Return pydeface's face mask in pydeface's own world: 1 = keep, 0 = face."""
    mask = _read(package_file("pydeface", "data/facemask.nii.gz"))
    return Scan(mask.data.astype(np.uint8), mask.affine)


def _signed_distance(inside: NDArray[np.bool_], spacing: NDArray[np.float64]) -> NDArray[np.float32]:
    within = ndimage.distance_transform_edt(inside, sampling=spacing)
    beyond = ndimage.distance_transform_edt(~inside, sampling=spacing)
    result: NDArray[np.float32] = (within - beyond).astype(np.float32)
    return result


def bring(
    field: Scan, scan_to_field: NDArray[np.float64], scan: Scan, outside: float | None
) -> NDArray[np.float32]:
    """Sample a volume at the voxels of a scan, trilinearly.

    Parameters
    ----------
    field : Scan
        The volume to sample.
    scan_to_field : ndarray, shape (4, 4)
        World of the scan -> world of the field, mm.
    scan : Scan
        Whose grid is wanted.
    outside : float or None
        The value of voxels beyond the field's grid; None gives them the value of the nearest voxel of its
        border, so that a face cut off by the template's field of view goes on being face.

    Returns
    -------
    ndarray of float32, shape of `scan.data`
        The field on the scan's grid.

    Examples
    --------
    >>> ones = Scan(np.ones((2, 2, 2), np.float32), np.eye(4))
    >>> wide = Scan(np.zeros((4, 1, 1), np.float32), np.eye(4))
    >>> bring(ones, np.eye(4), wide, outside=0.0).ravel().tolist()
    [1.0, 1.0, 0.0, 0.0]
    >>> bring(ones, np.eye(4), wide, outside=None).ravel().tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    matrix = settled(np.linalg.inv(field.affine) @ scan_to_field @ scan.affine)
    mode, value = ("nearest", 0.0) if outside is None else ("constant", outside)
    result: NDArray[np.float32] = ndimage.affine_transform(
        field.data,
        matrix[:3, :3],
        matrix[:3, 3],
        output_shape=scan.data.shape,
        order=1,
        output=np.float32,
        mode=mode,
        cval=value,
    )
    return result
