"""Every public function refuses what it cannot score, and names the argument."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mriprivacy import scoring
from mriprivacy.scoring.errors import ScoringError
from mriprivacy.scoring.metrics.linkability import linkability_of
from mriprivacy.scoring.metrics.steps import Steps
from mriprivacy.scoring.metrics.verification import auc_of

pytestmark = pytest.mark.filterwarnings("ignore::mriprivacy.scoring.SmallSampleWarning")
M, N = np.array([3.0, 2, 5, 1, 4]), np.array([0.0, 1, 2, -1, -3, 0.5])
PROBE, PHOTO = np.divmod(np.arange(36), 6)
MATED = PROBE == PHOTO
SCORES = np.random.default_rng(0).normal(size=36) + MATED
LIST = (SCORES, MATED, PROBE, PHOTO)
TWO_CLASSES = (
    *("auc", "eer", "rocch_eer", "roc", "det", "cllr", "min_cllr", "zebra", "linkability", "dsys_histogram"),
    *("eer_threshold", "min_dcf", "summarize", "tmr_at_fmr"),
)
NO_SCORES: tuple[Any, ...] = (
    *(None, "abc", ["a", "b"], [], 5.0, [[1, 2]], [[1], [2, 3]], [1 + 2j], b"ab", {1: 2}, {1, 2}, iter([1])),
    *(np.array([1, None]), np.array(["2020-01-01"], "M8[D]"), np.ma.masked_array([1.0, 2], [0, 1])),
    *([np.nan, 1], [np.inf, 1], np.longdouble("1e4000").reshape(1)),
)


@pytest.mark.parametrize("name", TWO_CLASSES)
@pytest.mark.parametrize("wrong", NO_SCORES, ids=lambda x: str(type(x)))
def test_what_are_no_scores(name: str, wrong: Any) -> None:
    with pytest.raises(ScoringError, match=r"^mated: "):
        getattr(scoring, name)(wrong, N)
    with pytest.raises(ScoringError, match=r"^nonmated: "):
        getattr(scoring, name)(M, wrong)


def test_whole_numbers_that_are_one_float_are_refused() -> None:
    """2^60 + 1 and 2^60 are one float: they were a tie."""
    with pytest.raises(ScoringError, match=r"mated: whole numbers beyond 2\^53"):
        scoring.auc([2**60 + 1], [2**60])
    with pytest.raises(ScoringError, match="nonmated: whole numbers"):
        scoring.auc([1], np.array([2**64 - 1], np.uint64))
    with pytest.raises(ScoringError, match="mated: whole numbers"):
        scoring.auc([-(2**63)], [1])
    assert scoring.auc([2**53], [2**53 - 1]) == 1.0


NO_NUMBERS: tuple[Any, ...] = (None, "x", np.nan, [0.1], 1j, np.array([0.1]))


@pytest.mark.parametrize("wrong", NO_NUMBERS, ids=str)
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("fmr", lambda x: scoring.tmr_at_fmr(M, N, x)),
        ("omega", lambda x: scoring.linkability(M, N, x)),
        ("omega", lambda x: scoring.dsys_histogram(M, N, x)),
        ("threshold", lambda x: scoring.rates_at(M, N, x)),
        ("failure_to_enrol", lambda x: scoring.rates_at(M, N, 1.0, failure_to_enrol=x)),
        ("prior", lambda x: scoring.dcf(M, N, 1.0, x)),
        ("cost_miss", lambda x: scoring.min_dcf(M, N, 0.5, x)),
        ("cost_false", lambda x: scoring.min_dcf(M, N, 0.5, 1.0, x)),
        ("level", lambda x: scoring.score_trials(*LIST, 20, level=x)),
        ("n_bootstrap", lambda x: scoring.score_trials(*LIST, x)),
        ("seed", lambda x: scoring.score_trials(*LIST, 20, x)),
        ("n_bootstrap", lambda x: scoring.draw_systems({"a": SCORES}, *LIST[1:], x)),
        ("n_bootstrap", lambda x: scoring.score_identity(SCORES, *LIST, x)),
        ("n_bootstrap", lambda x: scoring.score_attributes(PROBE, PROBE, PROBE, x)),
        ("seed", lambda x: scoring.score_ages(PROBE, PROBE, PROBE, 20, x)),
        ("alpha", lambda x: scoring.rank_sets([1, 2], np.eye(2), 5, higher_is_better=True, alpha=x)),
        ("n", lambda x: scoring.rank_sets([1, 2], np.eye(2), x, higher_is_better=True)),
        ("max_values", lambda x: scoring.score_stream(lambda: [LIST[:2]], x)),
        ("rows", lambda x: scoring.search_gallery(np.eye(3), range(3), np.eye(3), range(3), rows=x)),
        ("top", lambda x: scoring.search_gallery(np.eye(3), range(3), np.eye(3), range(3), top=x)),
        ("fmr", lambda x: scoring.search_gallery(np.eye(3), range(3), np.eye(3), range(3), fmr=x)),
    ],
)
def test_what_is_no_number(name: str, call: Callable[[Any], object], wrong: Any) -> None:
    with pytest.raises(ScoringError, match=rf"^{name}: "):
        call(wrong)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: scoring.score_trials(SCORES, 5, PROBE, PHOTO, 20), r"mated: array of shape \(\)"),
        (lambda: scoring.cmc(SCORES, MATED.reshape(6, 6), PROBE, PHOTO), r"mated: array of shape \(6, 6\)"),
        (lambda: scoring.cmc(SCORES, MATED, [[1], [2, 3]], PHOTO), "probes: rows of unequal length"),
        (lambda: scoring.score_trials(*LIST, 20, seed=-1), "seed: -1"),
        (lambda: scoring.score_trials(*LIST, 20.0), "n_bootstrap: 20.0; expected at least 20 replicates"),
        (lambda: scoring.draw_systems({"a": SCORES}, *LIST[1:], 0), "n_bootstrap: 0"),
        (lambda: scoring.holm("abc"), "p_values: "),
        (lambda: scoring.holm([[0.1, 0.2]]), r"p_values: float64 of shape \(1, 2\)"),
        (lambda: scoring.pareto_front(["a", "b"], [True]), "points: values of type <U1"),
        (lambda: scoring.rank_sets([], np.eye(2), 5, higher_is_better=True), "values: .*empty"),
        (lambda: scoring.score_stream(lambda: [(5, True)]), r"chunk 0: scores: array of shape \(\)"),
        (
            lambda: scoring.score_stream(lambda: [(SCORES, np.ma.masked_array(MATED, PROBE == 2))]),
            "chunk 0: mated: 6 of 36 values masked",
        ),
        (
            lambda: scoring.score_attributes(PROBE, PROBE, np.ma.masked_array(PROBE, PROBE == 2)),
            "subjects: 6 of 36 values masked",
        ),
        (lambda: scoring.score_ages([1, 2], [1, 2], ["a", None]), "subjects: 1 of 2 identifiers missing"),
        (
            lambda: scoring.score_attributes(
                list("ab"), list("ab"), [1, 2], probabilities=np.eye(2), classes=list("aa")
            ),
            "classes: .*expected each class once",
        ),
        (
            lambda: scoring.search_gallery(
                np.ma.masked_array(np.eye(3), np.eye(3)), range(3), np.eye(3), range(3)
            ),
            "probes: 3 of 9 values masked",
        ),
        (
            lambda: scoring.search_gallery(np.eye(2), ["a", None], np.eye(2), ["a", "b"]),
            "probe_subjects: 1 of 2 identifiers missing",
        ),
    ],
)
def test_other_arguments(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ScoringError, match=message):
        call()


@pytest.mark.parametrize("arguments", [(1e-320,), (0.5, 1e-300, 1.0), (1 - 1e-16, 1e308, 1.0)])
def test_a_cost_is_never_infinite_nor_no_number(arguments: tuple[float, ...]) -> None:
    """A prior of 1e-320 cost inf at a threshold, and nan at the best one."""
    for call in (lambda: scoring.dcf(M, N, 1.0, *arguments), lambda: scoring.min_dcf(M, N, *arguments)):
        with pytest.raises(ScoringError, match=r"^prior: .* with costs"):
            call()


@pytest.mark.parametrize("factor", [10**8, 10**13, 10**14])
def test_lists_of_more_trials_than_numpy_halves(factor: int) -> None:
    """Linkability crashed from 10^9 trials of a class on, and the AUC of 10^19 pairs overflowed."""
    mated, nonmated = np.array([400, 0, 350, 250, 0]), np.array([0, 500, 1500, 3000, 5000])
    few, many = Steps(mated, nonmated), Steps(mated * 10_000, nonmated * factor)
    assert auc_of(many) == pytest.approx(auc_of(few), abs=1e-12)
    assert linkability_of(many) == pytest.approx(
        linkability_of(Steps(mated * 10_000, nonmated * 10_000)), abs=1e-3
    )


def test_a_parquet_file_is_named_with_row_and_column(tmp_path: Path) -> None:
    table = pd.DataFrame({"score": [1.0, None, 3.0], "label": ["mated", "nonmated", "nonmated"]})
    table.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ScoringError, match=r"a.parquet: column score: row 2: nan; expected a finite number"):
        scoring.score_stream(scoring.parquet_chunks(tmp_path / "a.parquet"))
    with pytest.raises(ScoringError, match=r"a.parquet: no column points; found score, label"):
        scoring.score_stream(scoring.parquet_chunks(tmp_path / "a.parquet", score="points"))


def test_a_report_says_its_level_and_draws() -> None:
    report = scoring.score_trials(*LIST, n_bootstrap=20, level=0.9)
    assert "90 % intervals, 20 draws of subjects" in str(report)


VECTORS = np.random.default_rng(1).normal(size=(6, 3))
IDS = list("abcdef")
TWO = ([0.5, 0.6], [[0.4, 0.5, 0.6], [0.5, 0.6, 0.7]], 9)


@pytest.mark.parametrize(
    ("name", "call", "taken", "refused"),
    [
        ("fmr", lambda x: scoring.search_gallery(VECTORS, IDS, VECTORS, IDS, fmr=x), (0, 1), (-0.01, 1.01)),
        ("fmr", lambda x: scoring.tmr_at_fmr(M, N, x), (0, 1), (-0.01, 1.01)),
        ("omega", lambda x: scoring.linkability(M, N, omega=x), (1e-9, 1e9), (0, -1, np.inf)),
        ("prior", lambda x: scoring.min_dcf(M, N, prior=x), (1e-9, 0.999), (0, 1)),
        ("cost_miss", lambda x: scoring.min_dcf(M, N, cost_miss=x), (1e-9, 1e9), (0, np.inf)),
        ("cost_false", lambda x: scoring.min_dcf(M, N, cost_false=x), (1e-9, 1e9), (0, np.inf)),
        ("threshold", lambda x: scoring.rates_at(M, N, x), (-np.inf, 0, np.inf), (np.nan,)),
        (
            "failure_to_acquire",
            lambda x: scoring.rates_at(M, N, 0, failure_to_acquire=x),
            (0, 1),
            (-0.01, 1.01),
        ),
        ("failure_to_enrol", lambda x: scoring.rates_at(M, N, 0, failure_to_enrol=x), (0, 1), (-0.01, 1.01)),
        (
            "alpha",
            lambda x: scoring.rank_sets(*TWO, higher_is_better=True, alpha=x),
            (1e-9, 0.999),
            (0, 1),
        ),
        ("level", lambda x: scoring.score_trials(*LIST, n_bootstrap=20, level=x), (0.51, 0.999), (0.5, 1)),
        ("n_bootstrap", lambda x: scoring.score_trials(*LIST, n_bootstrap=x), (20, 21), (19, 0)),
        ("seed", lambda x: scoring.score_trials(*LIST, n_bootstrap=20, seed=x), (0, 5), (-1,)),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_an_argument_is_taken_up_to_its_bounds(
    name: str, call: Callable[[Any], object], taken: tuple[float, ...], refused: tuple[float, ...]
) -> None:
    for one in taken:
        call(one)
    for one in refused:
        with pytest.raises(ScoringError, match=f"^{name}: "):
            call(one)


DEFAULTS: dict[str, Any] = {
    "n_bootstrap": 1000,
    "seed": 0,
    "level": 0.95,
    "fmr": 0.01,
    "alpha": 0.05,
    "prior": 0.01,
    "cost_miss": 1.0,
    "cost_false": 1.0,
    "omega": 1.0,
    "top": 10,
    "failure_to_acquire": 0.0,
    "failure_to_enrol": 0.0,
    "n_jobs": 1,
}


MODULES = [one.name for one in pkgutil.walk_packages(scoring.__path__, f"{scoring.__name__}.")]


@pytest.mark.parametrize("module", MODULES)
def test_a_default_is_the_same_in_every_function(module: str) -> None:
    """It stands in each of them, for they are called alone."""
    for name, found in inspect.getmembers(importlib.import_module(module), inspect.isfunction):
        if found.__module__ == module and not name.startswith("_"):
            defaults = {key: one.default for key, one in inspect.signature(found).parameters.items()}
            given = {key: value for key, value in defaults.items() if value is not inspect.Parameter.empty}
            if name == "strongest":
                assert given.pop("n_bootstrap") == 0  # the choice alone; draws are asked for
            assert {key: given[key] for key in given.keys() & DEFAULTS.keys()}.items() <= DEFAULTS.items()
