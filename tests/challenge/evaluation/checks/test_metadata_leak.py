"""Places in a trial list, and links by facts, in lists made by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from mriprivacy.challenge.evaluation.checks import metadata_leak
from mriprivacy.challenge.evaluation.checks.metadata_leak import MIN_SUBJECTS, _places, link_by_facts


def test_a_place_is_where_an_image_stands_first_from_0_to_1() -> None:
    split = SimpleNamespace(trials=[("a", "x"), ("b", "x"), ("a", "y"), ("b", "y"), ("c", "z")])
    assert _places(split) == {"a": 0, "x": 0, "b": 0.25, "y": 0.5, "c": 1, "z": 1}  # type: ignore[arg-type]
    assert _places(SimpleNamespace(trials=[("a", "x")])) == {"a": 0, "x": 0}  # type: ignore[arg-type]


@pytest.mark.parametrize("people", [MIN_SUBJECTS, MIN_SUBJECTS - 1])
def test_each_split_is_linked_by_what_was_trained_on_the_other(
    people: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`trained` is there from eight people in both splits on; scores stand in the order of the trials."""
    names = {"dev": [f"d{i}" for i in range(9)], "eval": [f"e{i}" for i in range(people)]}
    splits = {
        split: SimpleNamespace(probes=own, references=own[::-1], trials=[(own[2], own[0]), (own[0], own[1])])
        for split, own in names.items()
    }
    sealed = SimpleNamespace(subjects={name: name for own in names.values() for name in own})
    facts = {split: np.full((len(own), 1), float(split == "eval")) for split, own in names.items()}
    calls = []

    def nearest(probes: np.ndarray, references: np.ndarray, shared: int) -> np.ndarray:
        assert shared == 5
        return np.add.outer(10 * np.arange(len(probes)), np.arange(len(references))) + 1000 * probes[0, 0]

    def trained(known: tuple, probes: np.ndarray, references: np.ndarray) -> np.ndarray:
        calls.append((known[0][0, 0], known[1], known[3], probes[0, 0]))
        return -nearest(probes, references, 5)

    monkeypatch.setattr(metadata_leak, "nearest", nearest)
    monkeypatch.setattr(metadata_leak, "trained", trained)
    found = link_by_facts(SimpleNamespace(splits=splits), sealed, facts, facts, 5)  # type: ignore[arg-type]
    last = people - 1
    assert found["nearest"] == [20 + 8, 0 + 7, 1000 + 20 + last, 1000 + 0 + last - 1]
    if people < MIN_SUBJECTS:
        assert set(found) == {"nearest"}
        assert not calls
    else:
        assert found["trained"] == [-score for score in found["nearest"]]
        assert calls == [
            (1, names["eval"], names["eval"][::-1], 0),
            (0, names["dev"], names["dev"][::-1], 1),
        ]
