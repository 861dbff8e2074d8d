"""The brain attack links brains that differ, across contrasts and without a head, and no others."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from mriprivacy.baselines.alignment.template import average_brain, average_head, average_head_t2w
from mriprivacy.baselines.attacks.brain import brain_features
from mriprivacy.baselines.face.scan import Scan

pytestmark = pytest.mark.long

PEOPLE = 4


def scanned(head: Scan, person: int, session: int, individuality_mm: float, stripped: bool) -> Scan:
    """Warp the average brain as this person's is, move the head a little, and add noise."""
    own, day = np.random.default_rng(person), np.random.default_rng([person, session])
    shift = np.stack([ndimage.gaussian_filter(own.normal(size=head.data.shape), 4) for _ in range(3)])
    shift *= individuality_mm / 2.0 / shift.std()  # voxels of 2 mm
    inside = np.clip(average_brain().data / 6, 0, 1)  # nothing moves outside of the brain
    turned = day.normal(0, 0.02, size=(3, 3)) * (1 - np.eye(3)) + np.eye(3)
    middle = np.array(head.data.shape)[:, None, None, None] / 2
    places = np.indices(head.data.shape) - middle
    places = np.tensordot(turned, places, axes=1) + middle + day.normal(0, 1, 3)[:, None, None, None]
    shift = np.stack([ndimage.map_coordinates(one * inside, places, order=1) for one in shift])
    data = ndimage.map_coordinates(head.data, places + shift, order=1)
    if stripped:
        data = np.where(ndimage.map_coordinates(average_brain().data, places, order=1) > 0, data, 0)
    noise = 0.02 * head.data.max() * day.normal(size=data.shape) * (data > 0)
    return Scan((data + noise).astype(np.float32), head.affine)


def margins(individuality_mm: float) -> NDArray[np.float64]:
    """Return by how much everybody is more alike to themselves than to the others, each from its mean.

    The first session shows the head, the second, of another contrast, the brain alone.
    """
    sides = []
    for session, head in enumerate((average_head(), average_head_t2w())):
        found = [
            brain_features(scanned(head, person, session, individuality_mm, stripped=session == 1))
            for person in range(PEOPLE)
        ]
        assert all(one is not None for one in found)
        rows = np.array(found)
        rows -= rows.mean(axis=0)
        sides.append(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    scores = sides[0] @ sides[1].T
    others = (scores.sum(axis=1) - scores.diagonal()) / (PEOPLE - 1)
    return np.asarray(scores.diagonal() - others)


def test_brains_that_differ_are_linked_from_a_head_to_a_stripped_brain_of_another_contrast() -> None:
    assert margins(2.0).min() > 0.1


@pytest.mark.slow
def test_one_brain_for_everybody_links_nobody() -> None:
    assert abs(margins(0.0).mean()) < 0.15
