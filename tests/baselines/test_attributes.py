"""Attributes are read where features hold them, and nowhere else."""

import numpy as np
import pytest

from baselines.attributes import AttributesError, learn_attribute


def people(rng: np.random.Generator, n: int, strength: float) -> tuple[np.ndarray, list[str], list[str]]:
    """Three groups of people with two images each; group k lies at `strength` along axis k."""
    groups = [("a", "b", "c")[i % 3] for i in range(n)]
    means = strength * np.eye(20)[[("a", "b", "c").index(g) for g in groups]]
    features = np.concatenate([means + rng.normal(size=(n, 20)) for _ in range(2)])
    return features, groups * 2, [str(i) for i in range(n)] * 2


def accuracy(strength: float) -> float:
    rng = np.random.default_rng(0)
    model = learn_attribute(*people(rng, 60, strength))
    features, labels, _ = people(rng, 200, strength)
    return float(np.mean([said == true for said, true in zip(model(features), labels, strict=True)]))


def test_what_is_there_is_read_and_what_is_not_is_chance() -> None:
    assert accuracy(4.0) > 0.9
    assert 0.25 < accuracy(0.0) < 0.42


def test_several_images_of_a_person_do_not_fool_the_choice_of_penalty() -> None:
    """A person's two images are nearly equal; were they in two folds, no penalty would look best."""
    rng = np.random.default_rng(1)
    one, labels, who = people(rng, 40, 0.0)
    twins = np.concatenate([one[:40], one[:40] + 0.01 * rng.normal(size=(40, 20))])
    model = learn_attribute(twins, labels, who)
    assert model.classifier[-1].C < 1.0


@pytest.mark.slow
def test_scale_and_order_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    features, labels, who = people(rng, 30, 3.0)
    asked = rng.normal(size=(50, 20))
    first = learn_attribute(features, labels, who)(asked)
    assert learn_attribute(1000 * features - 7, labels, who)(1000 * asked - 7) == first


@pytest.mark.parametrize("labels", [["F"] * 6, ["F"] * 5 + ["M"], []])
def test_too_few_people(labels: list[str]) -> None:
    with pytest.raises(AttributesError, match="expected two values with 2 or more"):
        learn_attribute(np.zeros((len(labels), 2)), labels, [str(i) for i in range(len(labels))])


def test_rows_without_labels() -> None:
    with pytest.raises(AttributesError, match="3 rows of features, 2 labels"):
        learn_attribute(np.zeros((3, 2)), ["F", "M"], ["1", "2"])


def test_the_majority_and_nobody() -> None:
    rng = np.random.default_rng(3)
    model = learn_attribute(rng.normal(size=(9, 4)), list("abbbbaaab"), list("123456789"))
    assert model.majority == "b"
    assert model.subjects == 9
    assert model(np.empty((0, 4))) == []
