"""From features to predicted attributes: learned on `dev`, said of every image."""

from collections.abc import Mapping

import numpy as np

from baselines.attributes import AttributeModel, AttributesError, learn_attribute
from challenge.features import ImageFeatures
from data_prep.trials import NOT_AVAILABLE, Attributes


def learn(
    attribute: str,
    attack: str,
    images: Mapping[str, ImageFeatures],
    truth: Mapping[str, Attributes],
    subjects: Mapping[str, str],
) -> AttributeModel:
    """Learn an attribute from the images of people whose attributes are open.

    Parameters
    ----------
    attribute : str
        `sex`, `age_group` or `ethnicity`.
    attack : str
        Whose features are used (`baselines.attacks.make_attack`).
    images : mapping from id to ImageFeatures
        Scans or photographs; those without a face teach nothing.
    truth : mapping from id to Attributes
        Unknown values (`n/a`) teach nothing.
    subjects : mapping from id to str
        Who they are; an image that is not there is nobody else's.

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
        return learn_attribute(
            np.array([images[name].vectors[attack] for name in known]),
            [getattr(truth[name], attribute) for name in known],
            [subjects.get(name, name) for name in known],
        )
    except AttributesError as error:
        raise AttributesError(f"{attribute}: {error}") from error


def infer(attack: str, model: AttributeModel, images: Mapping[str, ImageFeatures]) -> dict[str, str]:
    """Predict an attribute of every image; of one without a face, the majority of who was learned from.

    Parameters
    ----------
    attack : str
        Whose features the model learned from.
    model : AttributeModel
        From `learn`.
    images : mapping from id to ImageFeatures
        Scans or photographs.

    Returns
    -------
    dict from id to str
        In the order of `images`.
    """
    seen = [name for name, image in images.items() if attack in image.vectors]
    said = dict(zip(seen, model(np.array([images[name].vectors[attack] for name in seen])), strict=True))
    return {name: said.get(name, model.majority) for name in images}
