"""Attributes predicted from released scans, beside a control: the prediction made of another person's scan.

A recipient trains on released scans of other people whose sex, age or ethnicity is open, and predicts that of
a person. People are left out fold by fold. Predictions of people who trained each other are not independent:
a risk lies above 0 only where values exchanged at random among people are predicted worse.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.attacks.attributes import AttributesError, train_age, train_attribute
from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.risk.control_rate import ControlledRisk, Counts, Successes, risk_of, successes

FOLDS = 6
FEWEST = 12  # people of known value
SMALLEST_CELL = 5  # people of a value; smaller cells are left out of training, prediction and report
YEARS = 5.0  # an age is right within so many
EXCHANGES = 19  # of values among people; to be ahead of all is 1 in 20 by chance
_DRAWN_AGAIN = 20  # times as many, before the test counts as not passed

Images = Mapping[str, ImageFeatures]
Table = NDArray[np.bool_]


@dataclass(frozen=True)
class Inferred:
    """How well one attribute is predicted.

    Attributes
    ----------
    attribute : str
        `sex`, `age` or `ethnicity`.
    people : int
        Of known value, in cells of at least `SMALLEST_CELL` people.
    risk : ControlledRisk or None
        From released scans; None where it was not tested.
    before : ControlledRisk or None
        The same from the scans before defacing: what there was to hide.
    attack : str
        Whose features predicted it.
    why_not : str
        Why it was not tested; else empty.
    counts, counts_before : Counts or None
        Of what both risks are made, but for the exchange of values.
    """

    attribute: str
    people: int
    risk: ControlledRisk | None
    before: ControlledRisk | None
    attack: str = ""
    why_not: str = ""
    counts: Counts | None = field(default=None, repr=False)
    counts_before: Counts | None = field(default=None, repr=False)


def predicted_risk(right: Table) -> ControlledRisk:
    """Return the risk of predictions.

    Parameters
    ----------
    right : ndarray of bool, shape (n, n)
        Whether the prediction made of the scan of the person in the column is right of the person in the row.

    Examples
    --------
    >>> sex = np.array(["F", "M"] * 10)
    >>> found = predicted_risk(sex[:, None] == sex)
    >>> found.attack, round(found.control, 2), found.beyond_chance
    (1.0, 0.47, True)
    """
    return risk_of(_successes(right))


def _successes(right: Table) -> Successes:
    n = len(right)
    return successes(np.diag(right).astype(float), right[~np.eye(n, dtype=bool)].astype(float))


def infer_attribute(
    attribute: str,
    values: Mapping[str, str] | Mapping[str, float],
    released: Images,
    original: Images,
    attacks: Sequence[str],
) -> Inferred:
    """Predict an attribute of every person by the attack that predicts it best of other people's scans.

    Parameters
    ----------
    attribute : str
        Its name; of `age` the values are years.
    values : mapping from person to value
        Of people whose value is known.
    released, original : mapping from person to ImageFeatures
        One scan a person, after and before defacing.
    attacks : sequence of str
        Whose features are tried; each person's attack is the one that is right most often of the others.
    """
    known = {name: value for name, value in values.items() if name in released}
    if attribute != "age":
        counts = Counter(known.values())
        known = {name: value for name, value in known.items() if counts[value] >= SMALLEST_CELL}
    if len(known) < FEWEST or len(set(known.values())) < 2:
        needs = f"needs {FEWEST} people of known value" + (
            "" if attribute == "age" else f", of at least two values with {SMALLEST_CELL} people each"
        )
        return Inferred(
            attribute, len(known), None, None, why_not=f"{needs}; the release has {len(known)} such"
        )
    names = sorted(known)
    truth = np.array([known[name] for name in names])
    after, before = (_strongest(attribute, truth, names, images, attacks) for images in (released, original))
    if after is None:
        return Inferred(attribute, len(known), None, None, why_not="no attack has features of enough people")
    return Inferred(
        attribute,
        len(known),
        after.risk,
        before.risk if before else None,
        after.attack,
        counts=after.counts,
        counts_before=before.counts if before else None,
    )


@dataclass(frozen=True)
class _Found:
    risk: ControlledRisk
    attack: str
    counts: Counts


def _strongest(
    attribute: str, truth: NDArray[Any], names: Sequence[str], images: Images, attacks: Sequence[str]
) -> _Found | None:
    """Return the risk by the attack that is best on other folds, its interval from all."""
    tables = _tables(attribute, truth, names, images, attacks)
    if not tables:
        return None
    stacked, fold = np.stack(list(tables.values())), np.arange(len(names)) % FOLDS
    own = np.stack([np.diag(one) for one in stacked]).astype(float)
    chosen = np.array([own[:, fold != k].mean(axis=1).argmax() for k in fold])
    best = stacked[chosen, np.arange(len(names))]
    counts = Counts(_successes(best), {name: _successes(one) for name, one in tables.items()})
    risk = counts.risk
    if risk.beyond_chance and not _ahead_of_exchanged(attribute, truth, names, images, list(tables), stacked):
        risk = replace(risk, risk=replace(risk.risk, low=0.0))
    return _Found(risk, list(tables)[int(np.bincount(chosen).argmax())], counts)


def _ahead_of_exchanged(
    attribute: str,
    truth: NDArray[Any],
    names: Sequence[str],
    images: Images,
    attacks: Sequence[str],
    tables: NDArray[np.bool_],
) -> bool:
    """Return whether the best attack gains more than where values are exchanged, all attacks trained anew.

    A Monte Carlo test (Barnard 1963): exact, the choice among attacks and their training included. Exchanges
    from which an attack cannot be trained are drawn again.
    """
    rng = np.random.default_rng(0)
    seen, draws = _best_gain(tables), 0
    for _ in range(_DRAWN_AGAIN * EXCHANGES):
        found = _tables(attribute, rng.permutation(truth), names, images, attacks)
        if len(found) < len(tables):
            continue
        if _best_gain(np.stack(list(found.values()))) >= seen:
            return False
        draws += 1
        if draws == EXCHANGES:
            return True
    return False


def _best_gain(tables: NDArray[np.bool_]) -> float:
    """Return the highest risk of attacks, from tables of right predictions; shape (attacks, n, n)."""
    n = tables.shape[1]
    attack = tables[:, np.arange(n), np.arange(n)].mean(axis=1)
    control = (tables.sum(axis=(1, 2)) - n * attack) / (n * (n - 1))
    return float(((attack - control) / np.maximum(1 - control, 1e-9)).max())


def _tables(
    attribute: str, truth: NDArray[Any], names: Sequence[str], images: Images, attacks: Sequence[str]
) -> dict[str, Table]:
    """Return which predictions are right, by attack; without those that cannot be trained."""
    tables = {}
    for attack in attacks:
        with suppress(AttributesError):
            tables[attack] = _right(attribute, truth, names, images, attack)
    return tables


def _right(attribute: str, truth: NDArray[Any], names: Sequence[str], images: Images, attack: str) -> Table:
    """Predict from every scan by what was trained on other folds; row: person asked for, column: scan."""
    fold = np.arange(len(names)) % FOLDS
    right = np.zeros((len(names), len(names)), bool)
    seen = np.array([attack in images[name].vectors for name in names])
    if not seen.any():
        raise AttributesError(f"{attack} has no features")
    every = np.array([images[name].vectors[attack] for name in names if attack in images[name].vectors])
    for k in range(FOLDS):
        rows = np.flatnonzero((fold != k) & seen)
        people = [names[i] for i in rows.tolist()]
        features = np.array([images[name].vectors[attack] for name in people])
        asked = np.flatnonzero(fold == k)
        if attribute == "age":
            model = train_age(features, truth[rows].tolist(), people)
            guess = np.full(len(names), model.median)
            guess[seen] = model(every)
            right[asked] = np.abs(truth[asked, None] - guess) <= YEARS
        else:
            classifier = train_attribute(features, truth[rows].tolist(), people)
            predicted = np.array([classifier.majority] * len(names), dtype=object)
            predicted[seen] = classifier(every)
            right[asked] = truth[asked, None] == predicted
    return right
