"""The metadata attack: it links by headers, file sizes, file order, image sizes and brightness alone.

It is here, among the attacks, because it is one: a linkage function with its image processing. Where it links
better than chance the files have a metadata leak, and no other attack on them counts.
"""

from collections.abc import Sequence
from pathlib import Path

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

from mriprivacy.scoring.errors import UserError

Floats = NDArray[np.float64]

MIN_SUBJECTS = 8

# The columns that both sides have, in this order, before those that one side alone has.
SHARED = ("place in the list", "file size", "mean brightness")
# Those of `header_facts`, which both sides have where both are scans.
HEADER_FACTS = ("place in the list", *("shape",) * 3, *("affine",) * 12, "bytes a voxel")


class MetadataOnlyError(UserError):
    """Too few people whose key is known."""


def scan_facts(path: Path, place: float) -> Floats:
    """Return what a scan's file says without looking at the head.

    Parameters
    ----------
    path : Path
        A NIfTI file.
    place : float
        Where it stands in a list, 0 (first) to 1.

    Returns
    -------
    ndarray, shape (21,)
        Place, log of the file size, mean brightness; shape, affine, bytes a voxel, brightest voxel and
        share of voxels that are zero.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.nii.gz"
    >>> nib.save(nib.Nifti1Image(np.ones((4, 5, 6), np.int16), np.eye(4)), path)
    >>> scan_facts(path, 0.5)[[0, 2, 3, 4, 5]].tolist()
    [0.5, 1.0, 4.0, 5.0, 6.0]
    """
    image = nib.load(path)
    data = np.asarray(image.dataobj)
    own = [*data.shape[:3], *image.affine[:3].ravel(), data.dtype.itemsize, data.max(), (data == 0).mean()]
    return np.array([place, np.log(path.stat().st_size), data.mean(), *own], np.float64)


def header_facts(path: Path, place: float) -> Floats:
    """Return what the header of a scan and its place say, nothing that follows from its voxels.

    Parameters are those of `scan_facts`.

    Returns
    -------
    ndarray, shape (17,)
        By names of `HEADER_FACTS`.
    """
    image = nib.load(path)
    own = [*image.shape[:3], *image.affine[:3].ravel(), image.get_data_dtype().itemsize]
    return np.array([place, *own], np.float64)


def photo_facts(path: Path, place: float) -> Floats:
    """Return what a photograph's file says without looking at the face; arguments as `scan_facts`.

    Returns
    -------
    ndarray, shape (5,)
        Place, log of the file size, mean brightness; width and height.
    """
    with Image.open(path) as image:
        brightness = np.asarray(image.convert("L"), np.float64).mean()
        return np.array([place, np.log(path.stat().st_size), brightness, *image.size], np.float64)


def nearest(probes: Floats, references: Floats, shared: int = len(SHARED)) -> Floats:
    """Compare by nearness of what both sides have: bright with bright, large with large, first with first.

    Parameters
    ----------
    probes, references : ndarray, shape (n, d), (m, e)
        Rows of `scan_facts` and `photo_facts`, or on both sides of `header_facts`.
    shared : int
        How many columns, from the first, mean the same on both sides.

    Returns
    -------
    ndarray, shape (n, m)
        Minus the distance of the ranks of the shared columns.

    Examples
    --------
    >>> scans = np.array([[0.0, 1, 1, 9], [1.0, 2, 2, 9]])
    >>> nearest(scans, scans[:, :3]).argmax(axis=1).tolist()
    [0, 1]
    """
    one, other = _ranks(probes[:, :shared]), _ranks(references[:, :shared])
    result: Floats = -np.linalg.norm(one[:, None] - other[None], axis=-1)
    return result


def trained(
    known: tuple[Floats, Sequence[str], Floats, Sequence[str]], probes: Floats, references: Floats
) -> Floats:
    """Compare by what metadata of scans predict of the metadata of photographs, trained on an open key.

    Every fact of a photograph is predicted from the facts of the scan by ridge regression; the score is the
    log-likelihood ratio, under normal errors, of the photograph's facts given this scan and given any scan.
    A fact that cannot be predicted (by the errors of people left out) adds nothing.

    Parameters
    ----------
    known : probes, their subjects, references, their subjects
        Of people whose key is open; at least eight with both sides.
    probes, references : ndarray, shape (n, d), (m, e)
        To be compared.

    Returns
    -------
    ndarray, shape (n, m)
        Natural logarithms.

    Raises
    ------
    MetadataOnlyError
        For too few known people.
    """
    scans, scan_subjects, photos, photo_subjects = known
    pairs = [(i, j) for i, a in enumerate(scan_subjects) for j, b in enumerate(photo_subjects) if a == b]
    people = {scan_subjects[i] for i, _ in pairs}
    if len(people) < MIN_SUBJECTS:
        raise MetadataOnlyError(f"{len(people)} people with both sides; expected {MIN_SUBJECTS} or more")
    rows, columns = np.array(pairs).T
    scan_scale, photo_scale = StandardScaler().fit(scans[rows]), StandardScaler().fit(photos[columns])
    x, y = scan_scale.transform(scans[rows]), photo_scale.transform(photos[columns])
    ridge = RidgeCV(alphas=np.logspace(0, 4, 9), alpha_per_target=True, store_cv_results=True).fit(x, y)
    chosen = np.searchsorted(ridge.alphas, ridge.alpha_)
    left_out = ridge.cv_results_[:, np.arange(y.shape[1]), chosen].mean(axis=0)  # y has variance 1
    spread = np.clip(left_out, 1e-6, 1.0)
    expected, seen = ridge.predict(scan_scale.transform(probes)), photo_scale.transform(references)
    useful = left_out < 1
    near = (seen[None] - expected[:, None]) ** 2 / spread - seen[None] ** 2 + np.log(spread)
    result: Floats = -0.5 * near[..., useful].sum(axis=2)
    return result


def _ranks(values: Floats) -> Floats:
    """Rank each column, 0 to 1, ties shared; a constant column is 0.5 throughout."""
    below = (values[None] < values[:, None]).mean(axis=1)
    equal = (values[None] == values[:, None]).mean(axis=1)
    result: Floats = below + 0.5 * equal
    return result
