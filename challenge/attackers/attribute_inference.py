"""From features to attributes and ages: trained on `dev`, predicted for every image."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mriprivacy.baselines.attacks.attributes import (
    AgeModel,
    AttributeModel,
    AttributesError,
    train_age,
    train_attribute,
)
from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.data_prep.formats.schema import NOT_AVAILABLE, Attributes


def train_classifier(
    attribute: str,
    attack: str,
    images: Mapping[str, ImageFeatures],
    truth: Mapping[str, Attributes],
    subjects: Mapping[str, str],
) -> AttributeModel:
    """Train a classifier of an attribute on images of people whose attributes are open.

    Parameters
    ----------
    attribute : str
        `sex`, `age_group` or `ethnicity`.
    attack : str
        Whose features are used (`baselines.attacks.registry.make_attack`).
    images : mapping from id to ImageFeatures
        Scans or photographs; those without a face are left out.
    truth : mapping from id to Attributes
        Unknown values (`n/a`) are left out.
    subjects : mapping from id to str
        The person of each image; an image that is not there is the only one of its person.

    Raises
    ------
    AttributesError
        If too few people show it.
    """
    known = [
        name
        for name, image in images.items()
        if attack in image.vectors and getattr(truth[name], attribute) != NOT_AVAILABLE
    ]
    try:
        return train_attribute(
            np.array([images[name].vectors[attack] for name in known]),
            [getattr(truth[name], attribute) for name in known],
            [subjects.get(name, name) for name in known],
        )
    except AttributesError as error:
        raise AttributesError(f"{attribute}: {error}") from error


def infer(attack: str, model: AttributeModel, images: Mapping[str, ImageFeatures]) -> dict[str, str]:
    """Predict an attribute of every image; of one without a face, the majority of the training.

    Parameters
    ----------
    attack : str
        The attack on whose features the model was trained.
    model : AttributeModel
        From `train_classifier`.
    images : mapping from id to ImageFeatures
        Scans or photographs.

    Returns
    -------
    dict from id to str
        In the order of `images`.
    """
    seen, vectors = _seen(attack, images)
    predicted = dict(zip(seen, model(vectors), strict=True))
    return {name: predicted.get(name, model.majority) for name in images}


def train_ages(
    attack: str, images: Mapping[str, ImageFeatures], ages: Mapping[str, float], subjects: Mapping[str, str]
) -> AgeModel:
    """Train a model of age in years on people of known age; arguments and errors as `train_classifier`."""
    names, vectors = _seen(attack, {name: image for name, image in images.items() if name in ages})
    try:
        return train_age(
            vectors, [ages[name] for name in names], [subjects.get(name, name) for name in names]
        )
    except AttributesError as error:
        raise AttributesError(f"age: {error}") from error


def infer_ages(attack: str, model: AgeModel, images: Mapping[str, ImageFeatures]) -> dict[str, float]:
    """Predict the age of every image, in years; of one without a face, the median of the training."""
    seen, vectors = _seen(attack, images)
    predicted = dict(zip(seen, model(vectors), strict=True))
    return {name: predicted.get(name, model.median) for name in images}


def _seen(attack: str, images: Mapping[str, ImageFeatures]) -> tuple[list[str], NDArray[np.float64]]:
    """Return the images that an attack has features of, and these."""
    names = [name for name, image in images.items() if attack in image.vectors]
    return names, np.array([images[name].vectors[attack] for name in names])
