import numpy as np
import pytest

from mriprivacy.data_prep.synthetic.measures.linkage import auc, linkage, log_ratios, participation
from mriprivacy.data_prep.synthetic.measures.tape import MEASURES


def area(shared: float) -> float:
    """Return the AUC of two sets of three measures that share that much of their standard deviation."""
    rng = np.random.default_rng(3)
    common, one, other = rng.normal(size=(3, 900, 3))
    rest = np.sqrt(1 - shared**2)
    left, right = shared * common + rest * one, shared * common + rest * other
    scores = log_ratios((left[:600], right[:600]), (left[600:], right[600:]))
    same = np.eye(300, dtype=bool)
    return auc(scores[same], scores[~same])


def test_a_planted_correlation_is_found_and_independent_sets_are_at_chance():
    assert area(0.0) == pytest.approx(0.5, abs=0.05)
    assert 0.6 < area(0.7) < area(0.95)
    assert area(0.95) > 0.95


def test_what_links_groups_alone_is_at_chance_within_them():
    rng = np.random.default_rng(4)
    groups = rng.integers(0, 2, size=900)
    measures = rng.normal(size=(900, len(MEASURES))) + 4 * groups[:, None]
    for overall, within in linkage(measures, groups, 400, draws=2).values():
        assert overall > 0.65
        assert within == pytest.approx(0.5, abs=0.06)


def test_one_direction_has_a_participation_ratio_of_one():
    assert participation(np.ones((4, 4))) == pytest.approx(1)
