"""A head as it looks after what defacers do is undone (`baselines.face.undo`), seen by a face network."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.attacks.face_network import embed, unit
from mriprivacy.baselines.attacks.networks import find_network
from mriprivacy.baselines.face.appearance import appearance_of_scan
from mriprivacy.baselines.face.landmarks import Face
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.baselines.face.surface import SurfaceError, isotropic
from mriprivacy.baselines.face.undo import UNDOINGS
from mriprivacy.baselines.face.views import make_views

SPACING_MM = 2.0
VIEWS = make_views([(0, 0), (-12, 0), (12, 0)])


def undone_features(scan: Callable[[], Scan], undoing: str, network: str) -> NDArray[np.float64] | None:
    """Return the embedding of the face of a scan after an undoing; the mean over three views.

    Parameters
    ----------
    scan : callable
        Returns the volume; what is seen of it is remembered for the next network.
    undoing : str
        A key of `baselines.face.undo.UNDOINGS`.
    network : str
        A key of `baselines.attacks.networks.NETWORKS`, of dimension d.

    Returns
    -------
    ndarray, shape (d,), or None
        Of length 1 where the network's distance is the cosine; None where no face is found.
    """
    faces = _faces(scan, undoing)
    if not faces:
        return None
    mean: NDArray[np.float64] = embed(faces, network).mean(axis=0)
    return unit(mean) if find_network(network).distance == "cosine" else mean


@lru_cache(maxsize=len(UNDOINGS))
def _faces(scan: Callable[[], Scan], undoing: str) -> tuple[Face, ...]:
    try:
        undone = UNDOINGS[undoing](isotropic(scan(), SPACING_MM))
        return appearance_of_scan(undone, SPACING_MM, VIEWS).found
    except SurfaceError:
        return ()
