"""Sex, age group, ethnicity and age from the features of a face (paper, section V.D and Table II).

The paper uses networks that were trained for it. Here a linear classifier, and for age in years a linear
regression, is trained on people whose attributes are open (`dev`), on the features that the attacks compare.
Both set their own shrinkage by a formula. A search over a grid would cost a hundred times as much, and its
choice flips when a feature moves by 1e-6.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import OAS
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import BayesianRidge

from mriprivacy.baselines.attacks.training.standardize import standardize
from mriprivacy.scoring.errors import UserError

MIN_SUBJECTS = 2  # of a value; one person has no spread
MIN_AGED = 5  # people of known age

Floats = NDArray[np.float64]
Label = TypeVar("Label", str, float)


class AttributesError(UserError):
    """Too few people to train on."""


@dataclass(frozen=True)
class AttributeModel:
    """A classifier of one attribute.

    Attributes
    ----------
    mean, scale : ndarray, shape (d,)
        Of the features of the training.
    classifier : LinearDiscriminantAnalysis
        Of standardized features.
    majority : str
        The most frequent value among the people of the training: the guess where no face is detected.
    subjects : int
        People of the training.
    """

    mean: Floats
    scale: Floats
    classifier: LinearDiscriminantAnalysis
    majority: str
    subjects: int

    def __call__(self, features: Floats) -> list[str]:
        """Predict a value for each row of features, shape (n, d)."""
        if not len(features):
            return []
        return [str(value) for value in self.classifier.predict((features - self.mean) / self.scale)]


def train_attribute(features: Floats, labels: Sequence[str], subjects: Sequence[str]) -> AttributeModel:
    """Train a classifier of one attribute: linear discriminants with the shrinkage of Chen and others (2010).

    A value that one person alone has is left out of training, and is never predicted. The other values count
    alike, however many people have them, as they do in balanced accuracy.

    Parameters
    ----------
    features : ndarray, shape (n, d)
        Of scans or photographs, by one attack.
    labels : sequence of str, length n
        Values of the attribute.
    subjects : sequence of str, length n
        The person of each image; a person with many images counts once, with their mean.

    Returns
    -------
    AttributeModel
        The same for the same input.

    Raises
    ------
    AttributesError
        If lengths differ, or fewer than two values have two people each.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = ["F", "M"] * 20
    >>> faces = rng.normal(size=(40, 3)) + np.array([[3.0 * (value == "M"), 0, 0] for value in labels])
    >>> model = train_attribute(faces, labels, [str(i) for i in range(40)])
    >>> model(np.array([[-1.0, 0, 0], [4.0, 0, 0]]))
    ['F', 'M']
    """
    if not len(features) == len(labels) == len(subjects):
        raise ValueError(
            f"{len(features)} rows of features, {len(labels)} labels and {len(subjects)} subjects; "
            "expected one each"
        )
    people = Counter(value for value, _ in set(zip(labels, subjects, strict=True)))
    enough = [count for count in people.values() if count >= MIN_SUBJECTS]
    if len(enough) < 2:
        counts = ", ".join(f"{value}: {people[value]}" for value in sorted(people)) or "none"
        raise AttributesError(
            f"people by value are {counts}; expected two values with {MIN_SUBJECTS} or more"
        )
    rows, values = _of_people(features, labels, subjects)
    learned = np.array([people[value] >= MIN_SUBJECTS for value in values])
    even = np.full(len(enough), 1 / len(enough))
    # Not the shrinkage of Ledoit and Wolf, "auto": of two people it is 0, and where each value has two the
    # last bit of a feature decided. Nor by the spread within a value, which two people may not have.
    discriminants = LinearDiscriminantAnalysis("lsqr", priors=even, covariance_estimator=OAS())
    mean, scale, points = standardize(rows[learned])
    classifier = discriminants.fit(points, np.array(values)[learned])
    majority = max(sorted(people), key=lambda value: list(labels).count(value))
    return AttributeModel(mean, scale, classifier, majority, len(set(subjects)))


@dataclass(frozen=True)
class AgeModel:
    """A regression of age.

    Attributes
    ----------
    mean, scale : ndarray, shape (d,)
        Of the features of the training.
    regression : BayesianRidge
        On standardized features.
    median : float
        Median age of the people of the training, years: the guess where no face is detected.
    subjects : int
        People of the training.
    """

    mean: Floats
    scale: Floats
    regression: BayesianRidge
    median: float
    subjects: int

    def __call__(self, features: Floats) -> list[float]:
        """Predict an age for each row of features, shape (n, d): years, to a hundredth."""
        if not len(features):
            return []
        ages = self.regression.predict((features - self.mean) / self.scale)
        return [round(float(age), 2) for age in ages]


def train_age(features: Floats, ages: Sequence[float], subjects: Sequence[str]) -> AgeModel:
    """Train a regression of age: Bayesian ridge (MacKay 1992), whose penalty follows from the evidence.

    Parameters
    ----------
    features : ndarray, shape (n, d)
        Of scans or photographs, by one attack.
    ages : sequence of float, length n
        Years.
    subjects : sequence of str, length n
        The person of each image; a person with many images counts once, with their mean.

    Returns
    -------
    AgeModel
        The same for the same input.

    Raises
    ------
    AttributesError
        If lengths differ, or for fewer than five people.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> ages = np.linspace(20, 80, 40)
    >>> faces = np.stack([ages / 10 + rng.normal(0, 0.1, 40), rng.normal(size=40)], axis=1)
    >>> model = train_age(faces, ages, [str(i) for i in range(40)])
    >>> [round(age, -1) for age in model(np.array([[3.0, 0.0], [7.0, 0.0]]))]
    [30.0, 70.0]
    """
    if not len(features) == len(ages) == len(subjects):
        raise ValueError(
            f"{len(features)} rows of features, {len(ages)} ages and {len(subjects)} subjects; "
            "expected one each"
        )
    people = dict(zip(subjects, ages, strict=True))
    if len(people) < MIN_AGED:
        raise AttributesError(f"{len(people)} people of known age; expected {MIN_AGED} or more")
    rows, years = _of_people(features, ages, subjects)
    mean, scale, points = standardize(rows)
    regression = BayesianRidge().fit(points, years)
    return AgeModel(mean, scale, regression, float(np.median(list(people.values()))), len(people))


def _of_people(
    features: Floats, labels: Sequence[Label], subjects: Sequence[str]
) -> tuple[Floats, list[Label]]:
    """Return the mean features and the label of each person."""
    rows: dict[str, list[int]] = {}
    for row, person in enumerate(subjects):
        rows.setdefault(person, []).append(row)
    means = [np.mean(features[own], axis=0) for own in rows.values()]
    return np.array(means), [labels[own[0]] for own in rows.values()]
