"""Which attackers are fused where some of them see no face; scores made by hand."""

import numpy as np
import pytest

from mriprivacy.challenge.attackers.levels import AttackScores, _fused, _seen_together, fuse
from mriprivacy.challenge.entry.attacker import Attacker

NAN = np.nan
# What two attackers gave pairs of dev: the first acquired faces in five of six, the second in three.
PRACTICE = np.array([[1.0, NAN], [2.0, NAN], [3.0, NAN], [4.0, 7.0], [5.0, 8.0], [NAN, 9.0]])


@pytest.mark.parametrize(
    ("mated", "able", "together"),
    [
        ([1, 0, 0, 1, 0, 0], [True, True], [True, True]),  # one mated and one non-mated pair in common
        ([1, 0, 0, 0, 1, 0], [True, True], [True, True]),
        ([1, 0, 0, 0, 0, 1], [True, True], [True, False]),  # none mated in common: the one with fewest goes
        ([0, 0, 0, 1, 1, 0], [True, True], [True, False]),  # none non-mated
        ([1, 0, 0, 0, 0, 0], [False, True], [False, False]),
        ([0, 0, 0, 0, 0, 1], [True, False], [False, False]),
        ([0, 0, 0, 0, 0, 1], [False, True], [False, True]),
    ],
)
def test_attackers_are_fused_that_share_mated_and_nonmated_pairs(
    mated: list[int], able: list[bool], together: list[bool]
) -> None:
    given = np.array(able)
    assert _seen_together(PRACTICE, np.array(mated, bool), given).tolist() == together
    assert given.tolist() == able  # not changed in place


def test_pairs_are_fused_with_those_that_were_seen_by_the_same_attackers() -> None:
    rng = np.random.default_rng(0)
    mated = np.arange(40) % 2 == 0
    practice = [mated + rng.normal(size=40), 2 * mated + rng.normal(size=40)]
    practice[1][:10] = NAN
    parts = [np.array([1.0, 0.2, 0.7, NAN, NAN]), np.array([0.5, NAN, 2.0, 1.5, NAN])]
    both, first = np.stack(practice, axis=1)[10:], practice[0][:, None]
    second = practice[1][10:, None]
    expected = np.full(5, NAN)
    expected[[0, 2]] = fuse(both, mated[10:])(np.array([[1.0, 0.5], [0.7, 2.0]]))
    expected[1] = fuse(first, mated)(np.array([[0.2]]))[0]
    expected[3] = fuse(second, mated[10:])(np.array([[1.5]]))[0]
    assert _fused(practice, mated.tolist(), parts) == pytest.approx(expected, nan_ok=True)


def test_what_no_attacker_was_trained_for_is_an_error_or_unknown() -> None:
    practice, parts = [np.full(4, NAN)] * 2, [np.array([1.0, 2.0])] * 2
    with pytest.raises(ValueError, match="no mated and no non-mated pairs"):
        _fused(practice, [True, False, True, False], parts)
    with pytest.raises(ValueError, match="no mated and no non-mated pairs"):
        _fused(practice, [True, False, True, False], [np.array([1.0, NAN]), np.array([NAN, NAN])])
    assert np.isnan(_fused(practice, [True, False, True, False], [np.full(2, NAN)] * 2)).all()


def test_scores_differ_or_do_not() -> None:
    attacker = Attacker("geo", "ignorant")
    assert AttackScores(attacker, np.array([1.0, 1.0, 1.1])).scores_differ
    assert not AttackScores(attacker, np.array([-3.0, -3.0])).scores_differ
    assert AttackScores(attacker, np.array([0.0])).trained_on == 0
