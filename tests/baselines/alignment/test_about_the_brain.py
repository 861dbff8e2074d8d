"""A head whose neck and face hold a fit of the whole back: what is near the brain is fitted once more."""

from pathlib import Path

import numpy as np
import pytest

from mriprivacy.baselines.alignment.average_grid import LEAST_BRAIN_NMI, brain_similarity, on_grid
from mriprivacy.baselines.alignment.presence import WHOLE, presence
from mriprivacy.baselines.alignment.registration import coarse, register
from mriprivacy.baselines.alignment.template import average_brain, average_head, bring
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.data_prep.synthetic.cohort_settings import ScanSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.head.mesh import head_mesh
from mriprivacy.data_prep.synthetic.head.scanning.scanner import HeadScan, scan_head
from mriprivacy.data_prep.synthetic.people.person import draw_person


@pytest.fixture(scope="module")
def made() -> HeadScan:
    """A synthetic head on whose neck the fits of the whole scan put the average brain's lower end."""
    person = draw_person("sub-0004", 5, SyntheticCohort())
    settings = ScanSettings(spacing_mm=2, contrasts=["T1w"])
    return scan_head(head_mesh(person.weights), np.random.default_rng(4), settings)


@pytest.mark.long
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("offset", [0, -1024])
def test_brain_lies_on_brain(made: HeadScan, strict: bool, offset: int, tmp_path: Path) -> None:
    scan = Scan(made.images["T1w"].astype(np.float32) + offset, made.affine)
    found = register(scan, tmp_path, strict=strict)
    placed = bring(average_brain(), found.scan_to_head, scan, outside=-100.0) > 0
    own = made.brain > 0
    assert 2 * (placed & own).sum() / (placed.sum() + own.sum()) > 0.85  # .72 by the fits of the whole
    assert presence(scan, tmp_path).verdict == WHOLE


def test_a_head_on_itself_is_alike_and_one_moved_is_not() -> None:
    small = coarse(average_head())
    moved = np.eye(4)
    moved[:3, 3] = 25.0
    there, elsewhere = brain_similarity(small, np.eye(4)), brain_similarity(small, moved)
    assert there is not None
    assert elsewhere is not None
    assert there > 1.15
    assert elsewhere < LEAST_BRAIN_NMI


def test_what_is_out_of_view_is_not_compared() -> None:
    small = coarse(average_head())
    away = np.eye(4)
    away[1, 3] = 110.0
    assert on_grid(small, away).seen.sum() < on_grid(small, np.eye(4)).seen.sum()
    away[1, 3] = 400.0
    assert brain_similarity(small, away) is None
