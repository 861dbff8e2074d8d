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

Floats = NDArray[np.float64]


def undone_features(scan: Callable[[], Scan], network: str) -> Floats | None:
    """Return the embedding of the face after each undoing, one after the other.

    Parameters
    ----------
    scan : callable
        Returns the volume; what is seen of it is remembered for the next network.
    network : str
        A key of `baselines.attacks.networks.NETWORKS`, of dimension d.

    Returns
    -------
    ndarray, shape (k * d,), or None
        k undoings. One after which no face is found has the mean of the others; None where there is none.
    """
    seen = [embed(faces, network).mean(axis=0) if faces else None for faces in _undone_faces(scan)]
    found = [vector for vector in seen if vector is not None]
    if not found:
        return None
    rest = np.mean(found, axis=0)
    return _joined([rest if vector is None else vector for vector in seen], network)


def repeated(vector: Floats, network: str) -> Floats:
    """Return the embedding of a photograph once for each undoing, to be compared with `undone_features`."""
    return _joined([vector] * len(UNDOINGS), network)


def _joined(vectors: list[Floats], network: str) -> Floats:
    if find_network(network).distance == "cosine":
        vectors = [unit(vector) for vector in vectors]
    joined: Floats = np.concatenate(vectors) / np.sqrt(len(vectors))
    return joined


@lru_cache(maxsize=1)
def _undone_faces(scan: Callable[[], Scan]) -> tuple[tuple[Face, ...], ...]:
    cubic = isotropic(scan(), SPACING_MM)
    return tuple(_faces(undo, cubic) for undo in UNDOINGS.values())


def _faces(undo: Callable[[Scan], Scan], scan: Scan) -> tuple[Face, ...]:
    try:
        return appearance_of_scan(undo(scan), SPACING_MM, VIEWS).found
    except SurfaceError:
        return ()
