"""Attributes: how well sex, age group or ethnicity are read from a scan, against guessing the majority."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mriprivacy.scoring.errors import (
    DataError,
    Floats,
    ScoringError,
    as_ids,
    as_scores,
    as_table,
    check_count,
    first_bad,
    raise_all,
    same_length,
    unmasked,
)
from mriprivacy.scoring.estimate import Estimate
from mriprivacy.scoring.intervals import ListSize, around, estimate
from mriprivacy.scoring.metrics.steps import Steps
from mriprivacy.scoring.metrics.verification import auc_of


@dataclass(frozen=True, slots=True)
class AttributeReport:
    """Figures of one attribute, with 95 % intervals over subjects.

    Attributes
    ----------
    accuracy, balanced_accuracy, macro_f1 : Estimate
        In [0, 1]. Balanced accuracy averages over the classes of the truth, F1 over all classes met.
    gain : Estimate
        Accuracy minus that of always guessing the majority class; at most 0: the predictions hold nothing.
    auc : Estimate or None
        Mean one-vs-rest area under the ROC, where probabilities were given.
    majority : str
        The majority class; the first in order when several are as frequent.
    majority_share : float
        Its share, the accuracy of guessing it.
    n_predictions : int
        Predictions, several a subject where it has several scans.
    """

    accuracy: Estimate
    balanced_accuracy: Estimate
    macro_f1: Estimate
    gain: Estimate
    auc: Estimate | None
    majority: str
    majority_share: float
    n_predictions: int

    def __str__(self) -> str:
        values = [(f.name, getattr(self, f.name)) for f in fields(self)]
        lines = [f"{name:<17} {value:.3f}" for name, value in values if isinstance(value, Estimate)]
        lines.append(f"{self.n_predictions} predictions; majority {self.majority}, {self.majority_share:.3f}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class AgeReport:
    """Error of ages in years, with 95 % intervals over subjects.

    Attributes
    ----------
    mae : Estimate
        Mean absolute error.
    gain : Estimate
        Years better than always guessing the median age.
    median : float
        The median age.
    """

    mae: Estimate
    gain: Estimate
    median: float

    def __str__(self) -> str:
        return f"age MAE {self.mae:.2f} years, gain over guessing {self.median:g}: {self.gain:.2f}"


def score_attributes(
    truth: ArrayLike,
    predicted: ArrayLike,
    subjects: ArrayLike,
    n_bootstrap: int = 1000,
    seed: int = 0,
    *,
    probabilities: ArrayLike | None = None,
    classes: ArrayLike | None = None,
) -> AttributeReport:
    """Score predicted classes; intervals by drawing subjects.

    Parameters
    ----------
    truth, predicted : array_like, shape (n,)
        Class of each scan. A scan without a prediction is a wrong prediction: give it any other name.
    subjects : array_like, shape (n,)
        The subject of each scan.
    n_bootstrap, seed : int
        Replicates and the seed of their draws.
    probabilities : array_like, shape (n, n_classes), optional
        Of each class, columns in the order of `classes`; any score that ranks will do.
    classes : array_like, shape (n_classes,), optional
        Needed with `probabilities`.

    Returns
    -------
    AttributeReport

    Raises
    ------
    ScoringError
        For lengths that differ, missing truths, fewer than two subjects, or probabilities that fit no class.

    Examples
    --------
    >>> report = score_attributes(list("FFMF"), list("FMMF"), [1, 2, 3, 4], n_bootstrap=50)
    >>> report.accuracy.value, report.majority, report.gain.value
    (0.75, 'F', 0.0)
    """
    true, guess, who = _table(truth, predicted, subjects)
    names, codes = np.unique(np.concatenate([true, guess]), return_inverse=True)
    y, z = codes[: len(true)], codes[len(true) :]
    counts = _draw(int(who.max()) + 1, n_bootstrap, seed)
    confusion = np.zeros((len(counts), len(names), len(names)))
    np.add.at(confusion, (who, y, z), 1.0)
    majority = int(np.argmax(np.bincount(y)))
    found = _classes(np.tensordot(counts.T, confusion, 1), majority)
    if probabilities is not None:
        found["one_vs_rest_auc"] = _one_vs_rest(true, *_columns(probabilities, classes, true), counts[who].T)
    size = ListSize(len(counts))
    estimates = {k: estimate(k, float(v[0]), _variance(v[1:], len(counts)), size) for k, v in found.items()}
    share = float(np.mean(y == majority))
    return AttributeReport(
        accuracy=estimates["accuracy"],
        balanced_accuracy=estimates["balanced_accuracy"],
        macro_f1=estimates["macro_f1"],
        gain=estimates["gain"],
        auc=estimates.get("one_vs_rest_auc"),
        majority=str(names[majority]),
        majority_share=share,
        n_predictions=len(true),
    )


def score_ages(
    truth: ArrayLike, predicted: ArrayLike, subjects: ArrayLike, n_bootstrap: int = 1000, seed: int = 0
) -> AgeReport:
    """Score predicted ages in years; arguments, errors and intervals as `score_attributes`.

    Examples
    --------
    >>> print(score_ages([20, 30, 40], [22, 30, 41], ["a", "b", "c"], n_bootstrap=50).mae.value)
    1.0
    """
    years, guess = as_scores(truth=truth, predicted=predicted)
    who = _subjects(subjects)
    same_length(truth=years, predicted=guess, subjects=who)
    median = float(np.median(years))
    error, base = np.abs(guess - years), np.abs(median - years)
    counts = _draw(int(who.max()) + 1, n_bootstrap, seed)[who]
    mae, gain = (_sums(one, counts) / counts.sum(0) for one in (error, base - error))
    n = len(np.unique(who))
    error_found, gained = (around(float(one[0]), _variance(one[1:], n), n) for one in (mae, gain))
    return AgeReport(error_found, gained, median)


def _sums(values: Floats, counts: Floats) -> Floats:
    """Sum values times counts in the order of the rows: BLAS takes another one on every processor."""
    total: Floats = (values[:, None] * counts).sum(axis=0)
    return total


def _variance(replicates: Floats, n: int) -> float:
    """Variance of a figure of n people; draws of them vary by (n - 1)/n of it."""
    return float(replicates.var()) * n / (n - 1)


def _classes(confusion: Floats, majority: int) -> dict[str, Floats]:
    """Figures of each confusion matrix; shape (n, n_classes, n_classes), rows are the truth."""
    total = confusion.sum((1, 2))
    right = np.diagonal(confusion, axis1=1, axis2=2)
    true, guessed = confusion.sum(2), confusion.sum(1)
    accuracy = right.sum(1) / total
    return {
        "accuracy": accuracy,
        "balanced_accuracy": _mean_of(right, true),
        "macro_f1": _mean_of(2 * right, true + guessed),
        "gain": accuracy - true[:, majority] / total,
    }


def _mean_of(part: Floats, whole: Floats) -> Floats:
    """Mean of part / whole over the classes that occur."""
    there = whole > 0
    result: Floats = np.where(there, part / np.where(there, whole, 1.0), 0.0).sum(1) / there.sum(1)
    return result


def _one_vs_rest(true: NDArray[Any], scores: Floats, classes: NDArray[Any], weights: Floats) -> Floats:
    areas, there = np.zeros(len(weights)), np.zeros(len(weights))
    for column, name in zip(scores.T, classes, strict=True):
        order = np.argsort(-column, kind="stable")
        starts = np.flatnonzero(np.diff(column[order], prepend=np.inf))
        of_class = (true == name)[order]
        m, n = (np.add.reduceat(weights[:, order] * c, starts, axis=1) for c in (of_class, ~of_class))
        both = m.any(1) & n.any(1)
        areas[both] += auc_of(Steps(m[both], n[both]))
        there += both
    return areas / np.maximum(there, 1)


def _columns(
    probabilities: ArrayLike, classes: ArrayLike | None, true: NDArray[Any]
) -> tuple[Floats, NDArray[Any]]:
    scores = as_table("probabilities", probabilities)
    names = unmasked("classes", [] if classes is None else classes)
    if names.ndim != 1 or len(set(names.tolist())) < len(names):
        raise ScoringError(f"classes: {names.tolist()}; expected each class once")
    if scores.shape != (len(true), len(names)):
        raise ScoringError(
            f"probabilities: shape {scores.shape} with {len(names)} classes; "
            f"expected ({len(true)}, n_classes) and as many `classes`"
        )
    unknown = sorted(set(true.tolist()) - set(names.astype(true.dtype).tolist()))
    if unknown:
        raise ScoringError(f"classes: no column for {unknown}; expected every class of the truth")
    return scores, names.astype(true.dtype)


def _table(
    truth: ArrayLike, predicted: ArrayLike, subjects: ArrayLike
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    true, guess = unmasked("truth", truth), unmasked("predicted", predicted)
    who = _subjects(subjects)
    same_length(truth=true, predicted=guess, subjects=who)
    problems = []
    for name, column in (("truth", true), ("predicted", guess)):
        missing = np.array([x is None or x != x for x in column.tolist()], dtype=bool)
        problems.append(first_bad(name, missing, column, "values missing", "the name of a class"))
    raise_all([p for p in problems if p])
    kinds = ["numbers" if column.dtype.kind in "iufb" else "text" for column in (true, guess)]
    if kinds[0] != kinds[1]:
        raise ScoringError(f"predicted: {kinds[1]}; expected {kinds[0]}, as the truth has")
    if kinds[0] == "numbers":  # 1 and 1.0 are one class
        true, guess = (column.astype(np.result_type(true, guess)) for column in (true, guess))
    return true.astype(str), guess.astype(str), who


def _subjects(subjects: ArrayLike) -> NDArray[np.int64]:
    (given,) = as_ids(subjects=subjects)
    names, who = np.unique(given, return_inverse=True)
    if len(names) < 2:
        raise DataError(f"subjects: {len(names)} found; expected at least two")
    return who


def _draw(n: int, n_bootstrap: int, seed: int) -> Floats:
    """Weights of subjects, the list as it is in column 0 and a draw in each other; (n, n_bootstrap + 1)."""
    check_count("n_bootstrap", n_bootstrap, 20, "replicates")
    check_count("seed", seed, 0, "as a seed")
    drawn = np.random.default_rng([seed, 0xA77]).multinomial(n, np.full(n, 1 / n), size=n_bootstrap)
    return np.vstack([np.ones((1, n)), drawn]).T
