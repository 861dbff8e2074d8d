"""Sex, age and ethnicity: distributed as declared, and balanced where asked for."""

from collections import Counter

import numpy as np
import pytest

from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.cohorts.people_values import group_of
from mriprivacy.data_prep.synthetic.cohort_settings import PeopleSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.people.traits import (
    ETHNICITIES,
    SEXES,
    draw_traits,
    random_for,
    strata,
    stratum_of,
    subject_ids,
)

BALANCED = SyntheticCohort(people=PeopleSettings(balanced=True))


@pytest.fixture(scope="module")
def everybody():
    return [draw_traits(f"sub-{number:04d}", 7, SyntheticCohort()) for number in range(1, 3001)]


def test_streams_of_one_person_differ_by_purpose():
    draws = {purpose: random_for(1, "a", purpose).random() for purpose in ("person", "scan", "photo-1")}
    assert len(set(draws.values())) == 3


def test_sex_age_and_ethnicity_are_uniform(everybody):
    ages = np.array([age for _, age, _, _ in everybody])
    assert (ages.min(), ages.max()) == (18, 90)
    assert abs(ages.mean() - 54) < 1.6  # four standard errors
    for place, known in ((0, SEXES), (2, ETHNICITIES)):
        counts = Counter(person[place] for person in everybody)
        for name in known:
            assert abs(counts[name] / 3000 - 1 / len(known)) < 4 * np.sqrt(0.25 / 3000)


def test_the_label_is_drawn_with_the_components_as_chances(everybody):
    """Calibrated: among people whose component is about p, a share p has that label."""
    shares = np.array([components for _, _, _, components in everybody])
    labels = np.array([[label == name for name in ETHNICITIES] for _, _, label, _ in everybody])
    for low in np.arange(0, 1, 0.2):
        inside = (shares >= low) & (shares < low + 0.2)
        n = inside.sum()
        assert n > 100
        assert abs(labels[inside].mean() - shares[inside].mean()) < 4 * np.sqrt(0.25 / n)
    largest = labels[np.arange(3000), shares.argmax(axis=1)].mean()
    assert 0.7 < largest < 0.9  # classes overlap


def test_components_are_those_of_the_dirichlet(everybody):
    """The order of drawing (label, then components) must not show: moments of Dirichlet(0.3, 0.3, 0.3)."""
    shares = np.array([components for _, _, _, components in everybody])
    np.testing.assert_allclose(shares.mean(axis=0), 1 / 3, atol=0.03)
    np.testing.assert_allclose(shares.var(axis=0), (1 / 3) * (2 / 3) / (3 * 0.3 + 1), atol=0.01)


def test_ages_can_be_those_of_the_paper():
    config = SyntheticCohort(people=PeopleSettings(age_min=18, age_max=50))
    ages = {draw_traits(str(number), 1, config)[1] for number in range(300)}
    assert (min(ages), max(ages)) == (18, 50)
    assert [group for _, group, _ in strata(config)[::3][:3]] == [(18, 29), (30, 44), (45, 50)]


@pytest.mark.parametrize("subjects", [1, 2, 7, 24, 49, 73, 200])
def test_balanced_at_every_length(subjects):
    config = SyntheticCohort(subjects=subjects, people=BALANCED.people)
    people = [draw_traits(subject, 7, config) for subject in subject_ids(config)]
    axes = (
        ([sex for sex, _, _, _ in people], 2),
        ([group_of(str(age), [18, 30, 45, 60])[0] for _, age, _, _ in people], 4),
        ([ethnicity for _, _, ethnicity, _ in people], 3),
    )
    for values, levels in axes:
        counts = list(Counter(values).values()) + [0] * (levels - len(set(values)))
        assert max(counts) - min(counts) <= 1


def test_every_block_holds_every_stratum_in_an_order_of_its_own():
    blocks = [[stratum_of(24 * b + n, 7, BALANCED) for n in range(1, 25)] for b in range(3)]
    for block in blocks:
        assert sorted(block) == sorted(strata(BALANCED))
    assert blocks[0] != blocks[1] != blocks[2]


def test_balance_needs_numbers():
    with pytest.raises(CohortError, match="'sub-x' has no number"):
        draw_traits("sub-x", 7, BALANCED)


def test_ids_are_enough():
    assert len(set(subject_ids(SyntheticCohort(subjects=200)))) == 200
    with pytest.raises(ValueError, match=r"cohort\.subjects is 0"):
        subject_ids(SyntheticCohort(subjects=0))
