"""Faces of the cohort in defaced scans, under whatever id.

Trials ask for the right id alone: with the heads of patients exchanged, no person is linked, and every face
is released. So every defaced scan is compared with every original.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from mriprivacy.challenge.evaluation.checks.kept_face import BOX, MARGIN, Floats, KeptFace

# Correlation of what two small copies have beyond the average head. Of different people it was up to .895
# (240 scans of 200 synthetic people), of one head up to half a voxel away at least .92 (24 people).
SAME_HEAD = 0.9
# By how much more a defaced scan is like somebody else's original than its own original was. A blur did this
# once in 57,000 pairs, to two people who are alike. So the scan must be more like the other head than like
# its own, too.
CLOSER = 0.1
# Correlation of the voxels of a face, each in its place. Of different people it was up to .47, of one face
# under another person's brain at least .73.
SAME_VOXELS = 0.7
# Outlines: distance over that of the two people's originals.
SAME_OUTLINE = 0.15


_SIDES = ("original", "defaced")


@dataclass(frozen=True)
class OthersFace:
    """The face of another person in a defaced scan.

    Attributes
    ----------
    scan, face : str
        Ids of the defaced scan and of the original whose face it is.
    """

    scan: str
    face: str


def others_faces(scans: Mapping[str, KeptFace], subjects: Mapping[str, str]) -> list[OthersFace]:
    """Name every defaced scan that holds the face of somebody else.

    Parameters
    ----------
    scans : mapping from id to KeptFace
        All scans of an edition.
    subjects : mapping from id to str
        Whose scan it is: another scan of the same person is not somebody else's.

    Returns
    -------
    list of OthersFace
        Of scans that are more like somebody else than like their own originals, one each at most, of the
        original that is most alike; first as a face stands voxel for voxel (`_by_voxels`), then as a head
        that may have been moved or mirrored (`_alike`).
    """
    names = list(scans)
    who = np.array([subjects[name] for name in names])
    others = who[:, None] != who
    copies, changed = (np.stack([getattr(one, side) for one in scans.values()]) for side in _SIDES)
    found: dict[str, OthersFace] = {}
    for before, after, least in (
        (*_by_voxels(list(scans.values())), SAME_VOXELS),
        (_alike(copies, copies), _alike(changed, copies), SAME_HEAD),
    ):
        like = (after >= least) & (after >= before + CLOSER) & (after > after.diagonal()[:, None])
        for pair in _best(names, others & like, after):
            found.setdefault(pair.scan, pair)
    return list(found.values())


def _by_voxels(scans: Sequence[KeptFace]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Correlate every scan with every face, voxels in their places; before defacing and after, shape (n, n).

    -1 where grids differ, and where it is not known where a face is.
    """
    before, after = (np.full((len(scans), len(scans)), -1.0) for _ in _SIDES)
    for shape in {one.face_lattice.shape for one in scans}:
        rows = [i for i, one in enumerate(scans) if one.face_lattice.shape == shape]
        old = np.stack([scans[i].original_lattice for i in rows])
        new = np.stack([scans[i].defaced_lattice for i in rows])
        for place, i in enumerate(rows):
            face = scans[i].face_lattice
            if face.any():
                wanted = _unit(_standard(old[place : place + 1, face]))[0]
                for table, values in ((before, old), (after, new)):
                    table[rows, i] = _unit(_standard(values[:, face])) @ wanted
    return before, after


def others_outlines(
    originals: Mapping[str, NDArray[np.float64]],
    defaced: Mapping[str, NDArray[np.float64]],
    subjects: Mapping[str, str],
) -> list[OthersFace]:
    """Name them by outlines of heads, whatever is inside: features of the attack `volume`.

    Parameters
    ----------
    originals, defaced : mapping from id to ndarray, shape (d,)
        Those there are.
    subjects : mapping from id to str
        As in `others_faces`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> heads = {name: rng.normal(size=64) for name in "abc"}
    >>> others_outlines(heads, {"a": heads["b"] + 0.01, "b": heads["b"]}, {n: n for n in "abc"})
    [OthersFace(scan='a', face='b')]
    """
    names = [name for name in originals if name in defaced]
    if not names:
        return []
    old, new = (np.stack([side[name] for name in names]) for side in (originals, defaced))
    before, after = (np.linalg.norm(side[:, None] - old, axis=2) for side in (old, new))
    who = np.array([subjects[name] for name in names])
    return _best(names, (who[:, None] != who) & (after < SAME_OUTLINE * before), -after)


def _best(names: Sequence[str], found: NDArray[np.bool_], alike: NDArray[np.floating]) -> list[OthersFace]:
    best = np.where(found, alike, -np.inf).argmax(axis=1).tolist()
    return [OthersFace(names[i], names[best[i]]) for i in np.flatnonzero(found.any(axis=1)).tolist()]


def _alike(scans: Floats, heads: Floats) -> NDArray[np.float32]:
    """Return the correlation of every scan with every head, beyond the average of the heads.

    Shape (n, m): the largest of all shifts by up to 4 mm, and of both sides.
    """
    still = _standard(_windows(_pooled(heads), (0, 0, 0)))
    average = still.mean(axis=0)
    beyond = _unit(still - average)
    pooled = _pooled(scans)
    best = np.full((len(scans), len(heads)), -1.0, np.float32)
    steps = range(-MARGIN, MARGIN + 1)
    for shift in product(steps, steps, steps):
        window = _windows(pooled, shift)
        for side in (window, window[:, ::-1]):
            best = np.maximum(best, _unit(_standard(side) - average) @ beyond.T)
    return best


def _pooled(copies: Floats) -> Floats:
    """Return means of 2 x 2 x 2 voxels from every voxel on."""
    for axis in (1, 2, 3):
        copies = np.asarray((copies + np.roll(copies, -1, axis)) / 2, np.float32)
    return copies


def _windows(pooled: Floats, shift: tuple[int, int, int]) -> Floats:
    """Return every second voxel of the boxes, moved."""
    ends = [slice(MARGIN + s, MARGIN + s + n, 2) for s, n in zip(shift, BOX, strict=True)]
    return pooled[:, ends[0], ends[1], ends[2]]


def _standard(windows: Floats) -> Floats:
    rows = windows.reshape(len(windows), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(rows.std(axis=1, keepdims=True), 1e-6))


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6))
