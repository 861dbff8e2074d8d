"""Attributes predicted from released scans, beside a control: the prediction made of another person's scan.

A recipient trains on released scans of other people whose sex, age or ethnicity is open, and predicts that of
a person. People are left out fold by fold.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.attacks.attributes import AttributesError, train_age, train_attribute
from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.risk.control_rate import ControlledRisk, controlled_risk

FOLDS = 6
FEWEST = 12  # people of known value
SMALLEST_CELL = 5  # people of a value; smaller cells are left out of training, prediction and report
YEARS = 5.0  # an age is right within so many

Images = Mapping[str, ImageFeatures]


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
    """

    attribute: str
    people: int
    risk: ControlledRisk | None
    before: ControlledRisk | None
    attack: str = ""
    why_not: str = ""


def predicted_risk(right: NDArray[np.bool_]) -> ControlledRisk:
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
    n = len(right)
    return controlled_risk(np.diag(right).astype(float), right[~np.eye(n, dtype=bool)].astype(float))


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
        return Inferred(attribute, len(known), None, None, why_not=f"{needs}; the release has {len(known)}")
    names = sorted(known)
    after = _by_best(attribute, known, names, released, attacks)
    before = _by_best(attribute, known, names, original, attacks)
    if after is None:
        return Inferred(attribute, len(known), None, None, why_not="no attack has features of enough people")
    return Inferred(
        attribute,
        len(known),
        predicted_risk(after[0]),
        None if before is None else predicted_risk(before[0]),
        after[1],
    )


def _by_best(
    attribute: str,
    known: Mapping[str, object],
    names: Sequence[str],
    images: Images,
    attacks: Sequence[str],
) -> tuple[NDArray[np.bool_], str] | None:
    """Return which predictions are right, by the attack that is best on other folds, and its name."""
    tables = {}
    for attack in attacks:
        try:
            tables[attack] = _right(attribute, known, names, images, attack)
        except AttributesError:
            continue
    if not tables:
        return None
    stacked, fold = np.stack(list(tables.values())), np.arange(len(names)) % FOLDS
    own = np.stack([np.diag(one) for one in stacked]).astype(float)
    chosen = np.array([own[:, fold != k].mean(axis=1).argmax() for k in fold])
    result = stacked[chosen, np.arange(len(names))]
    return result, list(tables)[int(np.bincount(chosen).argmax())]


def _right(
    attribute: str, known: Mapping[str, object], names: Sequence[str], images: Images, attack: str
) -> NDArray[np.bool_]:
    """Predict from every scan by what was trained on other folds; row: person asked for, column: scan."""
    fold = np.arange(len(names)) % FOLDS
    right = np.zeros((len(names), len(names)), bool)
    truth = np.array([known[name] for name in names])
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
