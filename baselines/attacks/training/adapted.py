"""The adapted attacker: it knows defaced scans and photographs of `dev`, but not which belong together.

Renders are grey and smooth, photographs are not; that difference is the same for all people and larger
than that between people. Each side is measured from its own mean, in its own spread.
"""

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.attacks.training.standardize import SideMap, Sides, standardize
from mriprivacy.scoring.errors import UserError

MIN_IMAGES = 4  # of either side; fewer have no spread to speak of

Floats = NDArray[np.float64]


class AdaptedError(UserError):
    """Too few images to adapt to, or sides whose features are not the same."""


def adapt(probes: Floats, references: Floats) -> Sides:
    """Standardize each side by itself, without the key.

    Parameters
    ----------
    probes : ndarray, shape (n, d)
        Features of the defaced scans of `dev`.
    references : ndarray, shape (m, d)
        The same features of photographs of `dev`.

    Returns
    -------
    Sides
        Compares by the cosine of standardized features.

    Raises
    ------
    AdaptedError
        For fewer than four images on either side, or different numbers of features.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> people = rng.normal(size=(30, 8))
    >>> scans, photos = people + 5, 2 * people - 3
    >>> sides = adapt(scans[:10], photos[:10])
    >>> found = sides.similarity(scans[10:], photos[10:]).argmax(axis=1)
    >>> bool((found == np.arange(20)).mean() > 0.8)
    True
    """
    smaller = min(len(probes), len(references))
    if smaller < MIN_IMAGES:
        raise AdaptedError(
            f"{len(probes)} scans and {len(references)} photographs of dev have a face; expected at least "
            f"{MIN_IMAGES} of either to adapt to"
        )
    if probes.shape[1] != references.shape[1]:
        raise AdaptedError(
            f"scans have {probes.shape[1]} features and photographs {references.shape[1]}; expected the same"
        )
    sides = []
    for features in (probes, references):
        mean, scale, _ = standardize(features)
        sides.append(SideMap(mean, scale, np.eye(features.shape[1])))
    return Sides(*sides)
