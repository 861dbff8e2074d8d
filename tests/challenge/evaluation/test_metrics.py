"""Trial lists, predictions and thresholds, of an edition made by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.compute.engines import Compute
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.evaluation import metrics
from mriprivacy.challenge.evaluation.context import Evaluation
from mriprivacy.challenge.evaluation.metrics import CHOSEN, scored_predictions, trial_masks
from mriprivacy.data_prep.formats.schema import Attributes

WOMEN, MEN = [f"w{i}" for i in range(6)], [f"m{i}" for i in range(5)]
OTHER = ["o0", "o1", "o2", "o3"]


def context(matched: bool = True) -> SimpleNamespace:
    """Six women, five men, four others: all pairs; the women in two age groups, 5 and 1."""
    people = [*WOMEN, *MEN, *OTHER]
    sex = {name: name[0].upper().replace("W", "F") for name in people}
    ages = {name: "30-44" if name == "w0" else "18-29" for name in people}
    attributes = {name: Attributes(sex[name], ages[name], "n/a") for name in people}
    pairs = [(probe, reference) for probe in people for reference in people]
    trials = SimpleNamespace(
        pairs=pairs,
        mated=np.array([probe == reference for probe, reference in pairs]),
        matched=np.array(
            [probe == reference or (matched and sex[probe] == sex[reference]) for probe, reference in pairs]
        ),
    )
    sealed = SimpleNamespace(
        attributes=attributes,
        subjects={name: name for name in people},
        ages={"w0": 33.0, "w1": 20.0, "m0": 40.0},
    )
    protocol = SimpleNamespace(bootstrap=20, bootstrap_seed=0)
    return SimpleNamespace(sealed=sealed, trials=trials, protocol=protocol)


def test_groups_are_of_five_people_or_more_and_of_what_is_known() -> None:
    """Four others make no group, neither does one age group of one person; a man's probe meets everybody."""
    found = trial_masks(context())  # type: ignore[arg-type]
    assert list(found) == ["all", CHOSEN, "matched", "sex=F", "sex=M", "age_group=18-29"]
    assert found["all"].all()
    assert found[CHOSEN].all()
    pairs = context().trials.pairs
    for group, people in (("sex=F", WOMEN), ("sex=M", MEN), ("age_group=18-29", [*WOMEN[1:], *MEN, *OTHER])):
        assert found[group].tolist() == [probe in people for probe, _ in pairs]


@pytest.mark.parametrize(("count", "there"), [(30, True), (29, False)])
def test_parts_of_a_list_have_thirty_nonmated_trials(count: int, there: bool) -> None:
    own = context(matched=False)
    nonmated = np.flatnonzero(~own.trials.mated)
    own.trials.matched[nonmated[:count]] = True
    assert ("matched" in trial_masks(own)) == there  # type: ignore[arg-type]
    own.trials.mated[:] = True
    assert list(trial_masks(own)) == ["all", CHOSEN]  # type: ignore[arg-type]


def test_predictions_are_scored_of_people_of_whom_the_truth_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_signature", lambda *_: "signed")
    own, sex, age = (
        context(),
        Attacker("geo", "informed", target="sex"),
        Attacker("geo", "informed", target="age"),
    )
    guesses = dict.fromkeys([*WOMEN, *MEN], "F")
    result = scored_predictions(own, None, sex, guesses)  # type: ignore[arg-type]
    assert result is not None
    assert result.figures["accuracy"].value == pytest.approx(6 / 11)
    assert (dict(result.counts), result.rates, result.signature) == (
        {"probes": 11, "unknown": 0},
        True,
        "signed",
    )
    years = scored_predictions(own, None, age, {"w0": 30.0, "w1": 21.0, "w2": 99.0}, "photo")  # type: ignore[arg-type]
    assert years is not None
    assert years.figures["mae_years"].value == pytest.approx(2)
    assert (dict(years.counts), years.rates) == ({"photographs": 2, "unknown": 1}, False)
    assert scored_predictions(own, None, age, {"w0": 30.0, "w2": 1.0}) is None  # type: ignore[arg-type]
    assert scored_predictions(own, None, Attacker("geo", "informed", target="ethnicity"), guesses) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(("false", "threshold"), [(0, 5.0), (1, 5.0), (2, 8.0)])
def test_the_threshold_accepts_one_nonmated_trial_of_a_hundred(false: int, threshold: float) -> None:
    nonmated = np.r_[np.full(false, 7.0), np.zeros(100 - false)]
    assert metrics._threshold(np.array([5.0, 8.0]), nonmated) == threshold


def test_workers_are_worth_twenty_million_scores() -> None:
    workers = Compute("loky", workers=2)
    assert metrics.worth(workers, 20_000_000) is workers
    assert metrics.worth(workers, 19_999_999) == Compute("sequential")


def test_failures_are_defaced_scans_without_a_face() -> None:
    images = {"a": ImageFeatures(True, "", {}), "b": ImageFeatures(False, "flat", {})}
    own = Evaluation(None, images={"defaced": images, "released": {}})  # type: ignore[arg-type]
    assert own.failures == {"b": "flat"}
    assert Evaluation(None).failures == {}  # type: ignore[arg-type]
