"""Are `dev` and `eval` defaced in the same way? If not, what is trained on `dev` says nothing of `eval`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.evaluation.checks.kept_face import KeptFace

PERMUTATIONS = 4999
LARGEST_P = 0.001
LEAST_ACCURACY = 0.8
RIDGE = 0.5  # of the mean of the kernel's diagonal

Floats = NDArray[np.float64]
Images = Mapping[str, ImageFeatures]


@dataclass(frozen=True)
class TwoSample:
    """How well a classifier separates `dev` and `eval`.

    Attributes
    ----------
    accuracy : float
        Balanced, of scans that took no part in the training.
    p : float
        Share of permutations of people between the splits that give as much.
    """

    accuracy: float
    p: float

    @property
    def differ(self) -> bool:
        """Whether the two samples differ beyond doubt, and by much."""
        return self.p < LARGEST_P and self.accuracy > LEAST_ACCURACY


def split_test(
    scans: Mapping[str, Images], kept: Mapping[str, KeptFace], subjects: Mapping[str, str], defaced: bool
) -> TwoSample:
    """Tell `dev` from `eval` by features of all attacks, small copies and, of defaced scans, what is kept.

    Parameters
    ----------
    scans : mapping from split to mapping from probe to ImageFeatures
        As released, or as defaced.
    kept : mapping from probe to KeptFace
        Those there are.
    subjects : mapping from id to str
        Whose scan it is.
    defaced : bool
        Which of the two states.
    """
    names = [name for images in scans.values() for name in images]
    images = {name: image for own in scans.values() for name, image in own.items()}
    attacks = sorted({attack for image in images.values() for attack in image.vectors})
    blocks = [_block([images[name].vectors.get(attack) for name in names]) for attack in attacks]
    small = [_copy(kept[name], defaced) if name in kept else None for name in names]
    blocks.append(_block(small))
    if defaced:
        shares = [np.array([kept[n].face, kept[n].head]) if n in kept else None for n in names]
        blocks.append(_block(shares))
    in_eval = np.array([name in scans["eval"] for name in names])
    return two_sample(blocks, in_eval, [subjects[name] for name in names])


def _copy(kept: KeptFace, defaced: bool) -> Floats:
    """Return every fourth voxel of a small copy, and of defaced scans what was changed."""
    copy = kept.defaced - kept.original if defaced else kept.original
    return np.asarray(copy[::4, ::4, ::4].ravel(), np.float64)


def _block(rows: Sequence[Floats | None]) -> Floats:
    """Standardize features; a scan without them has the mean, and columns that say so."""
    there = [row for row in rows if row is not None]
    if not there:
        return np.zeros((len(rows), 1))
    mean = np.nan_to_num(np.stack(there)).mean(axis=0)
    table = np.stack([mean if row is None else np.where(np.isnan(row), mean, row) for row in rows])
    missing = np.array([[float(row is None)] for row in rows])
    both = np.hstack([table, np.repeat(missing, 1 + table.shape[1] // 4, axis=1)])
    spread = both.std(axis=0)
    scaled = (both - both.mean(axis=0)) / np.where(spread > 1e-12, spread, 1.0)
    return np.asarray(scaled / np.sqrt(both.shape[1]))


def two_sample(blocks: Sequence[Floats], second: NDArray[np.bool_], people: Sequence[str]) -> TwoSample:
    """Test whether a kernel ridge classifier separates two samples, each scan left out in turn.

    Parameters
    ----------
    blocks : sequence of ndarray, shape (n, d)
        Standardized features; each block weighs the same.
    second : ndarray of bool, shape (n,)
        Which scans are of the second sample; people are of one sample.
    people : sequence of str, length n
        Whose scan it is: people are permuted, not scans.

    Examples
    --------
    >>> noise, second = np.random.default_rng(0).normal(size=(24, 5)), np.arange(24) < 12
    >>> names = [str(i) for i in range(24)]
    >>> two_sample([noise], second, names).differ
    False
    >>> two_sample([noise + 3 * second[:, None]], second, names).differ
    True
    """
    who, place = np.unique(people, return_inverse=True)
    labels = np.zeros(len(who), bool)
    labels[place[second]] = True
    rng = np.random.default_rng(0)
    orders = np.stack([np.arange(len(who)), *(rng.permutation(len(who)) for _ in range(PERMUTATIONS))])
    drawn = labels[orders][:, place].T
    kernel = sum((block @ block.T for block in blocks), start=np.zeros((len(people),) * 2))
    hat = kernel @ np.linalg.inv(
        kernel + (RIDGE * np.trace(kernel) / len(kernel) + 1e-9) * np.eye(len(kernel))
    )
    counts = np.stack([(~drawn).sum(axis=0), drawn.sum(axis=0)])
    target = np.where(drawn, 1 / counts[1], -1 / counts[0])
    own = np.diag(hat)[:, None]
    guess = (hat @ target - own * target) / (1 - own) > 0
    accuracy = ((guess & drawn).sum(axis=0) / counts[1] + (~guess & ~drawn).sum(axis=0) / counts[0]) / 2
    p = float((accuracy >= accuracy[0] - 1e-12).sum() / len(orders))
    return TwoSample(float(accuracy[0]), p)
