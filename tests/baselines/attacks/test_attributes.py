"""Attributes are read where features hold them, and nowhere else."""

import numpy as np
import pytest

from mriprivacy.baselines.attacks.attributes import AttributesError, train_age, train_attribute


def people(rng: np.random.Generator, n: int, strength: float) -> tuple[np.ndarray, list[str], list[str]]:
    """Three groups of people with two images each; group k lies at `strength` along axis k."""
    groups = [("a", "b", "c")[i % 3] for i in range(n)]
    means = strength * np.eye(20)[[("a", "b", "c").index(g) for g in groups]]
    features = np.concatenate([means + rng.normal(size=(n, 20)) for _ in range(2)])
    return features, groups * 2, [str(i) for i in range(n)] * 2


def accuracy(strength: float) -> float:
    rng = np.random.default_rng(0)
    model = train_attribute(*people(rng, 60, strength))
    features, labels, _ = people(rng, 200, strength)
    return float(np.mean([said == true for said, true in zip(model(features), labels, strict=True)]))


def test_what_is_there_is_read_and_what_is_not_is_chance() -> None:
    assert accuracy(4.0) > 0.9
    assert 0.25 < accuracy(0.0) < 0.42


def test_a_person_with_many_images_counts_once() -> None:
    rng = np.random.default_rng(1)
    features, labels, who = (own[:30] for own in people(rng, 30, 1.0))
    asked = rng.normal(size=(50, 20))
    many = [0] * 20 + list(range(1, 30))
    again = train_attribute(features[many], [labels[i] for i in many], [who[i] for i in many])
    assert again(asked) == train_attribute(features, labels, who)(asked)


def test_a_feature_that_moves_by_a_millionth_changes_no_age_by_more() -> None:
    """A penalty chosen from a grid flips, and with it the age. Ages are of a hundredth of a year."""
    rng = np.random.default_rng(3)
    ages = rng.uniform(20, 80, size=12)
    features = rng.normal(size=(12, 30)) + np.linspace(0, 1, 30) * ages[:, None] / 40
    who, asked = [str(i) for i in range(12)], rng.normal(size=(50, 30))
    first = np.array(train_age(features, ages.tolist(), who)(asked))
    for seed in range(20):
        moved = features + 1e-6 * np.random.default_rng(seed).normal(size=features.shape)
        assert np.abs(np.array(train_age(moved, ages.tolist(), who)(asked)) - first).max() < 0.011


@pytest.mark.parametrize("columns", [66, 294])
@pytest.mark.parametrize("each", [2, 3])
@pytest.mark.parametrize("twins", [False, True])
def test_the_last_bit_of_a_feature_decides_no_value(columns: int, each: int, twins: bool) -> None:
    """Two people a value have no spread to shrink; or two who share a value have the same feature, too."""
    rng = np.random.default_rng(columns + each)
    labels = [value for value in "abcd" for _ in range(each)]
    subjects = [str(i) for i in range(len(labels))]
    features = rng.normal(size=(len(labels), columns))
    if twins:
        features[1, :5] = features[0, :5]
    asked = rng.normal(size=(1000, columns))
    guess = train_attribute(features, labels, subjects)(asked)
    for seed in range(2):
        noise = 1e-13 * np.random.default_rng(seed).normal(size=features.shape)
        assert train_attribute(features + noise, labels, subjects)(asked) == guess


def test_ages_are_of_a_hundredth_of_a_year_so_that_the_last_bit_changes_none() -> None:
    rng = np.random.default_rng(5)
    features, ages = rng.normal(size=(12, 66)), rng.uniform(18, 80, 12)
    subjects = [str(i) for i in range(12)]
    asked = rng.normal(size=(300, 66))
    guess = train_age(features, ages.tolist(), subjects)(asked)
    assert train_age(features * (1 + 1e-14), ages.tolist(), subjects)(asked) == guess
    assert [round(age, 2) for age in guess] == guess
    assert len(set(guess)) > 200


def test_a_value_of_one_person_is_never_predicted() -> None:
    rng = np.random.default_rng(4)
    features = rng.normal(size=(9, 3)) + 4.0 * np.array([0] * 4 + [1] * 4 + [2])[:, None]
    model = train_attribute(features, ["F"] * 4 + ["M"] * 4 + ["X"], [str(i) for i in range(9)])
    assert set(model(features)) == {"F", "M"}


@pytest.mark.slow
def test_scale_and_order_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    features, labels, who = people(rng, 30, 3.0)
    asked = rng.normal(size=(50, 20))
    first = train_attribute(features, labels, who)(asked)
    assert train_attribute(1000 * features - 7, labels, who)(1000 * asked - 7) == first


@pytest.mark.parametrize("labels", [["F"] * 6, ["F"] * 5 + ["M"], []])
def test_too_few_people(labels: list[str]) -> None:
    with pytest.raises(AttributesError, match="expected two values with 2 or more"):
        train_attribute(np.zeros((len(labels), 2)), labels, [str(i) for i in range(len(labels))])


def test_rows_without_labels() -> None:
    with pytest.raises(ValueError, match="3 rows of features, 2 labels"):
        train_attribute(np.zeros((3, 2)), ["F", "M"], ["1", "2"])


def test_the_majority_and_nobody() -> None:
    rng = np.random.default_rng(3)
    model = train_attribute(rng.normal(size=(9, 4)), list("abbbbaaab"), list("123456789"))
    assert model.majority == "b"
    assert model.subjects == 9
    assert model(np.empty((0, 4))) == []


def age_error(strength: float) -> float:
    """Mean error in years for people whose features hold age at a strength; the median guess errs by 15."""
    rng = np.random.default_rng(4)
    ages = np.tile(np.linspace(20, 80, 60), 2)
    features = rng.normal(size=(120, 20)) + strength * ((ages - 50) / 17)[:, None] * (np.arange(20) == 3)
    model = train_age(features[::2], ages[::2], [str(i % 60) for i in range(0, 120, 2)])
    return float(np.mean(np.abs(np.array(model(features[1::2])) - ages[1::2])))


def test_age_is_read_where_features_hold_it() -> None:
    assert age_error(10.0) < 4
    assert 12 < age_error(0.0) < 20


def test_ages_of_too_few_people_and_rows_without_an_age() -> None:
    with pytest.raises(AttributesError, match="4 people of known age; expected 5 or more"):
        train_age(np.zeros((8, 2)), [20.0, 30, 40, 50] * 2, list("abcd") * 2)
    with pytest.raises(ValueError, match="3 rows of features, 2 ages"):
        train_age(np.zeros((3, 2)), [20.0, 30], ["a", "b", "c"])


def test_who_has_no_face_is_of_the_median_age_of_people_not_of_images() -> None:
    ages = {"a": 20.0, "b": 30.0, "c": 40.0, "d": 50.0, "e": 60.0}
    who = [*"abcde", *"eee"]
    model = train_age(np.random.default_rng(0).normal(size=(8, 3)), [ages[w] for w in who], who)
    assert (model.median, model.subjects, model(np.zeros((0, 3)))) == (40.0, 5, [])
