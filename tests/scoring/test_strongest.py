"""The strongest attacker, chosen on other people: against a plain loop, unbiased, and strong where one is."""

from types import SimpleNamespace

import numpy as np
import pytest

from mriprivacy.scoring import ScoringError, auc, score_trials
from mriprivacy.scoring.strongest import FOLDS, _norms, strongest


def table(people: int, sessions: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    probe, photo = np.divmod(np.arange(sessions * people * people), people)
    return probe % people == photo, probe % people, photo


def attackers(rng: np.random.Generator, mated: np.ndarray, shifts: list[float]) -> list[np.ndarray]:
    return [rng.normal(size=len(mated)) + shift * mated for shift in shifts]


@pytest.mark.parametrize("sessions", [1, 2])
def test_a_plain_loop_makes_the_same_choice(sessions: int) -> None:
    rng = np.random.default_rng(5)
    mated, probe, photo = table(13, sessions)
    systems = attackers(rng, mated, [0.4, 0.6, 0.5, 0.0])
    found = strongest(systems, mated, probe, photo, "auc")
    for fold in range(FOLDS):
        own = probe % FOLDS == fold
        others = ~own & (photo % FOLDS != fold)
        areas = [auc(one[others & mated], one[others & ~mated]) for one in systems]
        best = int(np.argmax(areas))
        assert set(found.chosen[own]) == {best}
        cohort = systems[best][others & ~mated]
        assert found.scores[own] == pytest.approx((systems[best][own] - cohort.mean()) / cohort.std())
    assert np.array_equal(found.same_choice(systems), found.scores)


@pytest.mark.parametrize("signs", [(1,), pytest.param((1, -1), marks=pytest.mark.long)])
@pytest.mark.parametrize("metric", ["auc", "partial_auc", "people_found_any"])
def test_of_attackers_that_guess_the_chosen_one_guesses(metric: str, signs: tuple[int, ...]) -> None:
    """The best of thirteen looks like .65 on twelve people; the chosen one is at .5."""
    rng = np.random.default_rng(0)
    mated, probe, photo = table(12)
    chosen, best = [], []
    for _ in range(60):
        systems = attackers(rng, mated, [0.0] * 13)
        signed = [sign * one for sign in signs for one in systems]
        found = strongest(signed, mated, probe, photo, metric).scores
        chosen.append(auc(found[mated], found[~mated]))
        best.append(max(auc(one[mated], one[~mated]) for one in systems))
    assert abs(np.mean(chosen) - 0.5) < 4 * np.std(chosen) / np.sqrt(60)
    assert np.std(chosen) / np.sqrt(60) < 0.02
    assert np.mean(best) > 0.6


@pytest.mark.parametrize("metric", ["partial_auc", "people_found_any"])
@pytest.mark.parametrize("turned", [False, True])
def test_of_attackers_who_expose_nobody_the_one_with_the_larger_auc_is_taken(
    metric: str, turned: bool
) -> None:
    """A third of all other pairs score above every mated one, so neither is accepted at an FMR of 10 %."""
    mated, probe, photo = table(24)
    top = (probe + photo) % 3 == 0
    lower, higher = (np.where(mated, at, np.where(top, 5.0, 0.0)) for at in (-1.0, 1.0))
    higher, lower = higher + 1e-3 * probe, lower + 1e-3 * probe
    systems = [higher, lower] if turned else [lower, higher]
    assert set(strongest(systems, mated, probe, photo, metric).chosen) == {0 if turned else 1}


def test_an_attacker_that_is_the_strongest_for_all_is_the_one() -> None:
    rng = np.random.default_rng(1)
    mated, probe, photo = table(24)
    systems = attackers(rng, mated, [0.0] * 12 + [3.0])
    found = strongest(systems, mated, probe, photo, n_bootstrap=50)
    assert set(found.chosen) == {12}
    own = score_trials(systems[12], mated, probe, photo, n_bootstrap=50)
    assert abs(auc(found.scores[mated], found.scores[~mated]) - own.auc.value) < 0.01
    assert abs(np.median(found.replicates["auc"]) - own.auc.value) < 0.02


def test_without_trials_of_both_kinds_among_others_a_draw_keeps_the_choice() -> None:
    """Of four people a third of the draws hold two or fewer; the first attacker was taken there."""
    mated, probe, photo = table(4)
    systems = [np.zeros(16), 9.0 * mated]
    found = strongest(systems, mated, probe, photo, n_bootstrap=200)
    assert (found.replicates["auc"] == 1).all()


def test_people_who_meet_in_no_trial_are_too_few() -> None:
    mated, probe, photo = table(6)
    met = mated | ((probe == 0) & (photo == 1)) | ((probe == 1) & (photo == 0))
    with pytest.raises(ScoringError, match="too few people with non-mated trials among each other"):
        strongest([np.zeros(met.sum())], mated[met], probe[met], photo[met])


def test_draws_hold_the_choice() -> None:
    """Of two attackers alike in strength now one is chosen, now the other: the figure spreads more widely."""
    rng = np.random.default_rng(2)
    mated, probe, photo = table(12)
    systems = attackers(rng, mated, [0.0] * 20)
    found = strongest(systems, mated, probe, photo, "auc", n_bootstrap=200)
    fixed = score_trials(found.scores, mated, probe, photo, n_bootstrap=200)
    assert found.replicates.keys() == {"auc"}
    assert found.replicates["auc"].std() > 0.05
    assert abs(found.replicates["auc"].mean() - fixed.auc.value) < 0.2


@pytest.mark.parametrize("people", [4, 5, 7])
def test_few_people(people: int) -> None:
    mated, probe, photo = table(people)
    found = strongest(
        attackers(np.random.default_rng(3), mated, [0.0, 9.0]), mated, probe, photo, n_bootstrap=30
    )
    assert np.isfinite(found.scores).all()
    assert auc(found.scores[mated], found.scores[~mated]) > 0.9


def test_a_flat_attacker_is_no_division_by_zero() -> None:
    mated, probe, photo = table(6)
    found = strongest([np.zeros(36)], mated, probe, photo)
    assert (found.scores == 0).all()


@pytest.mark.parametrize(
    ("systems", "people", "metric", "message"),
    [
        ([], 6, "auc", "systems: none given"),
        ([np.zeros(36)], 6, "eer", "metric: 'eer'; expected one of people_found_any"),
        ([np.zeros(9)], 3, "auc", "probe_subjects: 3 people with a mated trial; expected at least 4"),
        ([np.zeros(35)], 6, "auc", "lengths differ|scores"),
    ],
)
def test_what_cannot_be_is_refused(systems: list[np.ndarray], people: int, metric: str, message: str) -> None:
    with pytest.raises(ScoringError, match=message):
        strongest(systems, *table(people), metric)


def test_norms_are_those_of_nonmated_trials_of_other_folds() -> None:
    """Four people in two folds; where others do not spread, scores are not divided."""
    people = np.repeat(np.arange(4), 4), np.tile(np.arange(4), 4)
    listed = SimpleNamespace(probe=people[0], reference=people[1], mated=people[0] == people[1])
    fold = np.array([0, 0, 1, 1])
    scores = np.stack([np.arange(16.0), np.full(16, 3.0)])
    mean, spread = _norms(scores, listed, fold)  # type: ignore[arg-type]
    of_fold = {0: scores[0, [11, 14]], 1: scores[0, [1, 4]]}
    for trial, person in enumerate(people[0]):
        others = of_fold[fold[person]]
        assert (mean[0, trial], spread[0, trial]) == pytest.approx((others.mean(), others.std()))
    assert (mean[1] == 3).all()
    assert (spread[1] == 1).all()
