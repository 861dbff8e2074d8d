"""An edition of noise has no metadata leak; one with a planted cue has."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
from numpy.typing import NDArray

from mriprivacy.challenge.attackers.levels import FUSED
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.challenge.entry.entry import CROSS_FITTED, Check
from mriprivacy.challenge.evaluation.checks import audit as auditing
from mriprivacy.challenge.evaluation.checks.metadata_leak import metadata_leaks
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from tests.helpers.planted_cue import plant_brightness
from tests.helpers.tiny_cohort import write_tiny_cohort

CONFIG = EditionConfig(id="tiny", seed=3, hair_removal="given")


def audit(cohort: Path, output: Path) -> dict[str, tuple[float, float, float]]:
    build_edition(cohort, output, CONFIG)
    reports = metadata_leaks(open_edition(output), open_sealed(output), n_bootstrap=200)
    return {name: (report.auc.low, report.auc.value, report.auc.high) for name, report in reports.items()}


def test_noise_gives_nothing_away_and_brightness_does(tmp_path: Path) -> None:
    """In any condition of the photographs: who removes hair may leave a trace, too."""
    cohort = write_tiny_cohort(tmp_path / "cohort", 18)
    fair = audit(cohort, tmp_path / "fair")
    assert set(fair) == {"nearest", "trained", "nearest, bald", "trained, bald"}
    for low, _, high in fair.values():
        assert low <= 0.5 <= high
    for condition, name in (("raw", ""), ("bald", ", bald")):
        planted = Path(shutil.copytree(cohort, tmp_path / f"planted-{condition}"))
        plant_brightness(planted, condition)
        found = audit(planted, tmp_path / f"unfair-{condition}")
        for attack in ("nearest", "trained"):
            low, value, _ = found[attack + name]
            assert value > 0.7
            assert low > 0.5


def test_no_file_is_opened_twice(tiny_edition: Edition, tiny_edition_folder: Path) -> None:
    opened: Counter[Path] = Counter()

    def counted(job: tuple[Callable[[Path, float], NDArray], Path, float]) -> NDArray:
        opened[job[1]] += 1
        return job[0](*job[1:])

    with patch("mriprivacy.challenge.evaluation.checks.metadata_leak._fact", counted):
        metadata_leaks(tiny_edition, open_sealed(tiny_edition_folder), n_bootstrap=100)
    assert set(opened.values()) == {1}
    assert len(opened) == 10 + 2 * 15


IGNORANT, ADAPTED, INFORMED, CROSSED = (
    Attacker("geo", level) for level in ("ignorant", "adapted", "informed", CROSS_FITTED)
)


def spread(value: float, error: float) -> tuple[float, NDArray]:
    """Return an AUC with draws of this standard deviation."""
    return value, value + np.array([-error, error])


def audited(
    monkeypatch: pytest.MonkeyPatch,
    defaced: dict[Attacker, tuple[float, NDArray]],
    undefaced: dict[Attacker, tuple[float, NDArray]],
    shuffled: dict[Attacker, NDArray],
) -> dict[tuple[str, str], Check]:
    monkeypatch.setattr(auditing, "_areas", lambda _, areas: areas)
    checks = auditing.audit(None, defaced, undefaced, shuffled)  # type: ignore[arg-type]
    found = {(check.question, check.attacker): check for check in checks}
    assert len(found) == len(checks)
    return found


@pytest.mark.parametrize(("value", "passed"), [(0.597, False), (0.599, True), (0.4, False)])
def test_an_attacker_links_undefaced_scans_beyond_1_96_standard_errors(
    value: float, passed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (check,) = audited(monkeypatch, {}, {IGNORANT: spread(value, 0.05)}, {}).values()
    assert check.passed == passed
    assert (check.value, check.low, check.high) == pytest.approx((value, value - 0.098, value + 0.098))


def test_what_could_not_be_trained_for_a_check_has_not_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    areas = {INFORMED: spread(0.6, 0.05), IGNORANT: spread(0.6, 0.05)}
    found = audited(monkeypatch, areas, {IGNORANT: spread(0.9, 0.05)}, {INFORMED: np.array([0.5])})
    assert not found[auditing.LINKS, str(INFORMED)].passed
    nothing = {who: check for (question, who), check in found.items() if "shuffled" in question}
    assert list(nothing) == [str(INFORMED)]
    assert (nothing[str(INFORMED)].low, nothing[str(INFORMED)].high) == (0, 1)
    assert not nothing[str(INFORMED)].passed


@pytest.mark.parametrize("one", [INFORMED, CROSSED])
@pytest.mark.parametrize(
    ("mean", "passed"), [(0.5, True), (0.63, True), (0.67, False), (0.37, True), (0.33, False)]
)
def test_training_on_shuffled_keys_ends_at_chance(
    mean: float, passed: bool, one: Attacker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within 3.3 x .0424: .03 of the mean of four keys, .06 apart, and .03 of the attacker itself."""
    areas = mean + 0.06 * 0.75**0.5 * np.array([-1, 1, -1, 1])
    found = audited(monkeypatch, {one: spread(0.7, 0.03)}, {one: spread(0.9, 0.01)}, {one: areas})
    (check,) = (check for (question, _), check in found.items() if "shuffled" in question)
    reach = 3.3 * (0.03**2 + 0.03**2) ** 0.5
    assert (check.value, check.low, check.high) == pytest.approx((mean, mean - reach, mean + reach))
    assert check.passed == passed


@pytest.mark.parametrize(
    ("more", "passed"), [(0.8, True), (0.71, True), (0.69, False), (0.34, False), (0.32, True)]
)
def test_more_knowledge_does_not_worsen_an_attacker(
    more: float, passed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From .9 - 3.3 x .06 on; surely below chance it links, too, with the sign reversed."""
    defaced = {ADAPTED: spread(more, 0.05), IGNORANT: (0.9, 0.9 + np.array([0.01, -0.01]))}
    found = audited(monkeypatch, defaced, dict.fromkeys(defaced, spread(0.9, 0.01)), {})
    (check,) = (check for (question, _), check in found.items() if "no worse" in question)
    ends = (more - 0.9 - 3.3 * 0.06, more - 0.9 + 3.3 * 0.06)
    assert (check.value, check.low, check.high) == pytest.approx((more - 0.9, *ends))
    assert check.passed == passed
    assert (check.attacker, str(IGNORANT) in check.question) == (str(ADAPTED), True)


def test_attackers_are_compared_with_those_that_know_less_and_fusion_with_the_best_of_them() -> None:
    other = Attacker("volume", "adapted")
    areas = {one: spread(0.6, 0.1) for one in (INFORMED, ADAPTED, IGNORANT, CROSSED, FUSED)}
    areas[other] = spread(0.7, 0.1)
    pairs = auditing._less_informed(areas)
    assert set(pairs) == {(INFORMED, IGNORANT), (INFORMED, ADAPTED), (ADAPTED, IGNORANT), (FUSED, other)}
    assert len(pairs) == 4
    assert auditing._less_informed({INFORMED: areas[INFORMED]}) == []


@pytest.mark.parametrize(
    ("value", "error", "above", "passed"),
    [
        (0.5, 0.0, True, False), (0.501, 0.0, True, True), (0.499, 0.0, True, False),
        (0.5, 0.0, False, True), (0.501, 0.0, False, False), (0.499, 0.0, False, False),
        (0.75, 0.125, True, True), (0.25, 0.125, True, False),
    ],
)  # fmt: skip
def test_an_area_of_just_a_half_is_chance_and_links_nothing(
    value: float, error: float, above: bool, passed: bool
) -> None:
    check = auditing.check_area("question", "who", value, error, above)
    sigmas = 1.96 if above else 3.3
    assert check == Check("question", "who", value, value - sigmas * error, value + sigmas * error, passed)
    assert auditing.check_area("question", "who", value, error) == auditing.check_area(
        "question", "who", value, error, False
    )


@pytest.mark.parametrize("count", [0, 1, 2])
def test_of_one_shuffled_key_there_is_no_standard_error(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of .4 and .6 have one of .1."""
    keys = {INFORMED: np.array([0.4, 0.6][:count])}
    found = audited(monkeypatch, {INFORMED: spread(0.7, 0.0)}, {INFORMED: spread(0.9, 0.01)}, keys)
    (check,) = (check for (question, _), check in found.items() if "shuffled" in question)
    if count < 2:
        assert check == auditing._unasked(check.question, INFORMED)
        assert (check.value, check.low, check.high, check.passed) == (0.5, 0, 1, False)
    else:
        assert (check.value, check.low, check.high) == pytest.approx((0.5, 0.17, 0.83))
        assert check.passed


@pytest.mark.parametrize(
    ("more", "less", "passed"), [(0.75, 0.75, True), (0.5, 0.75, False), (0.25, 0.75, True)]
)
def test_without_an_error_an_attacker_is_as_good_worse_or_turned_round(
    more: float, less: float, passed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Just at chance it links nothing, turned round or not."""
    defaced = {ADAPTED: spread(more, 0.0), IGNORANT: spread(less, 0.0)}
    found = audited(monkeypatch, defaced, dict.fromkeys(defaced, spread(0.9, 0.0)), {})
    (check,) = (check for (question, _), check in found.items() if "no worse" in question)
    assert check == Check(
        f"no worse than {IGNORANT} (AUC gained)", str(ADAPTED), more - less, more - less, more - less, passed
    )


def test_areas_are_drawn_two_hundred_times_by_the_public_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def drawn(context: object, scores: list[str], draws: int, seed: int) -> SimpleNamespace:
        asked.append((scores, draws, seed))
        return SimpleNamespace(
            values={"auc": np.array([0.6, 0.7])}, replicates={"auc": np.array([[0.5, 0.7], [0.4, 1.0]])}
        )

    monkeypatch.setattr(auditing, "drawn", drawn)
    context = SimpleNamespace(protocol=SimpleNamespace(bootstrap_seed=11))
    attackers = [SimpleNamespace(attacker=one, scores=str(one)) for one in (INFORMED, IGNORANT)]
    found = auditing._areas(context, attackers)  # type: ignore[arg-type]
    assert asked == [([str(INFORMED), str(IGNORANT)], 200, 11)]
    assert [auditing._auc(found, one) for one in (INFORMED, IGNORANT)] == [
        (0.6, pytest.approx(0.1)), (0.7, pytest.approx(0.3))
    ]  # fmt: skip
    assert auditing._areas(context, []) == {}  # type: ignore[arg-type]
    assert len(asked) == 1
