"""On whom a classifier of attributes is trained, and what is predicted where no face was found."""

from types import SimpleNamespace

import numpy as np
import pytest

from mriprivacy.baselines.attacks.attributes import AttributesError
from mriprivacy.challenge.attackers import attribute_inference
from mriprivacy.challenge.attackers.attribute_inference import infer, infer_ages, train_ages, train_classifier
from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.data_prep.formats.schema import Attributes


def face(*values: float, attack: str = "geo") -> ImageFeatures:
    return ImageFeatures(True, "", {attack: np.array(values)})


IMAGES = {
    "a": face(1, 2), "b": face(3, 4), "blind": ImageFeatures(False, "no face found", {}), "c": face(5, 6),
    "other": face(7, 8, attack="volume"), "unknown": face(9, 10),
}  # fmt: skip
SEX = {"a": "F", "b": "M", "blind": "M", "c": "F", "other": "M", "unknown": "n/a"}


def test_who_is_trained_on_has_a_face_and_a_known_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """An image of whom no person is known is the only one of its person."""
    given = []
    monkeypatch.setattr(attribute_inference, "train_attribute", lambda *args: given.append(args) or "model")
    truth = {name: Attributes(sex, "n/a", "n/a") for name, sex in SEX.items()}
    assert train_classifier("sex", "geo", IMAGES, truth, {"a": "one", "c": "one"}) == "model"
    ((rows, labels, who),) = given
    assert rows.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert (labels, who) == (["F", "M", "F"], ["one", "b", "one"])


def test_an_age_is_trained_on_those_of_whom_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    given = []
    monkeypatch.setattr(attribute_inference, "train_age", lambda *args: given.append(args) or "model")
    ages = {"a": 30.0, "c": 30.0, "blind": 50.0, "unknown": 70.0}
    assert train_ages("geo", IMAGES, ages, {"a": "one", "c": "one"}) == "model"
    ((rows, years, who),) = given
    assert rows.tolist() == [[1, 2], [5, 6], [9, 10]]
    assert (years, who) == ([30.0, 30.0, 70.0], ["one", "one", "unknown"])


def test_without_a_face_the_majority_and_the_median_are_predicted() -> None:
    class Model(SimpleNamespace):
        def __call__(self, vectors: np.ndarray) -> list[float]:
            return vectors.sum(axis=1).tolist()

    assert infer("geo", Model(majority="F"), IMAGES) == {  # type: ignore[arg-type]
        "a": 3, "b": 7, "blind": "F", "c": 11, "other": "F", "unknown": 19
    }  # fmt: skip
    found = infer_ages("geo", Model(median=44.0), IMAGES)  # type: ignore[arg-type]
    assert found == {"a": 3, "b": 7, "blind": 44, "c": 11, "other": 44, "unknown": 19}
    assert list(found) == list(IMAGES)


def test_too_few_people_are_told_of_what() -> None:
    truth = dict.fromkeys(IMAGES, Attributes("F", "n/a", "n/a"))
    with pytest.raises(AttributesError, match=r"^sex: people by value are F: 4; expected two values"):
        train_classifier("sex", "geo", IMAGES, truth, {})
    with pytest.raises(AttributesError, match=r"^age: 1 people of known age"):
        train_ages("geo", IMAGES, {"a": 20.0}, {})
