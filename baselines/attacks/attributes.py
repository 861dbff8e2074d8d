"""Sex, age group, ethnicity and age from the features of a face (paper, section V.D and Table II).

The paper uses networks that were trained for it. Here a linear classifier, and for age in years a linear
regression, is trained on people whose attributes are open (`dev`), on the features that the attacks compare.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import GridSearchCV, GroupKFold, StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from mriprivacy.scoring.errors import UserError

# Inverse strengths of the penalty, among which cross-validation over subjects chooses.
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 1.0)
PENALTIES = tuple(float(10**power) for power in range(6))  # the same for ages
FOLDS = 5
MIN_SUBJECTS = 2  # of a value; with fewer there is no cross-validation
MIN_AGED = 5  # people of known age

Floats = NDArray[np.float64]


class AttributesError(UserError):
    """Too few people to train on."""


@dataclass(frozen=True)
class AttributeModel:
    """A classifier of one attribute.

    Attributes
    ----------
    classifier : Pipeline
        Standardization and logistic regression.
    majority : str
        The most frequent value among the people of the training: the guess where no face is detected.
    subjects : int
        People of the training.
    """

    classifier: Pipeline
    majority: str
    subjects: int

    def __call__(self, features: Floats) -> list[str]:
        """Predict a value for each row of features, shape (n, d)."""
        return [str(value) for value in self.classifier.predict(features)] if len(features) else []


def train_attribute(features: Floats, labels: Sequence[str], subjects: Sequence[str]) -> AttributeModel:
    """Train a classifier of one attribute.

    Parameters
    ----------
    features : ndarray, shape (n, d)
        Of scans or photographs, by one attack.
    labels : sequence of str, length n
        Values of the attribute.
    subjects : sequence of str, length n
        The person of each image; no person is in two folds of the cross-validation.

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
    folds = StratifiedGroupKFold(min(FOLDS, *enough))
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, class_weight="balanced")),
        {"logisticregression__C": STRENGTHS},
        scoring="balanced_accuracy",
        cv=folds,
    )
    search.fit(features, np.array(labels), groups=np.array(subjects))
    majority = max(sorted(people), key=lambda value: list(labels).count(value))
    return AttributeModel(search.best_estimator_, majority, len(set(subjects)))


@dataclass(frozen=True)
class AgeModel:
    """A regression of age.

    Attributes
    ----------
    regression : Pipeline
        Standardization and ridge regression.
    median : float
        Median age of the people of the training, years: the guess where no face is detected.
    subjects : int
        People of the training.
    """

    regression: Pipeline
    median: float
    subjects: int

    def __call__(self, features: Floats) -> list[float]:
        """Predict an age in years for each row of features, shape (n, d)."""
        return [float(age) for age in self.regression.predict(features)] if len(features) else []


def train_age(features: Floats, ages: Sequence[float], subjects: Sequence[str]) -> AgeModel:
    """Train a regression of age; cross-validation over subjects chooses the penalty by absolute error.

    Parameters
    ----------
    features : ndarray, shape (n, d)
        Of scans or photographs, by one attack.
    ages : sequence of float, length n
        Years.
    subjects : sequence of str, length n
        The person of each image; no person is in two folds of the cross-validation.

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
    folds = list(GroupKFold(FOLDS).split(features, groups=np.array(subjects)))
    ridge = RidgeCV(PENALTIES, cv=folds, scoring="neg_mean_absolute_error")
    regression = make_pipeline(StandardScaler(), ridge).fit(features, np.array(ages))
    return AgeModel(regression, float(np.median(list(people.values()))), len(people))
