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


def test_every_edition_is_checked_within_3_3_standard_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interval of .0784 is of an error of .02: .56 is chance and .57 is not."""
    asked = []

    def leaks(*given: object, **more: object) -> dict[str, SimpleNamespace]:
        asked.append((given, more))
        return {
            name: SimpleNamespace(auc=SimpleNamespace(value=value, low=value - 0.0392, high=value + 0.0392))
            for name, value in (("nearest", 0.56), ("trained, bald", 0.57))
        }

    monkeypatch.setattr(metadata_leak, "metadata_leaks", leaks)
    one, other = metadata_leak.leak_checks("edition", "sealed", "compute")  # type: ignore[arg-type]
    assert asked == [(("edition", "sealed"), {"n_bootstrap": 200, "compute": "compute"})]
    assert (one.question, one.passed) == ("files without faces do not link (nearest, AUC .5)", True)
    assert (other.question, other.passed) == (
        "files without faces do not link (trained, bald, AUC .5)",
        False,
    )
    assert one.attacker == other.attacker == "everybody"
    assert (one.value, one.low, one.high) == pytest.approx((0.56, 0.494, 0.626))


@pytest.mark.parametrize("contrast", ["", "T2w"])
def test_facts_of_files_are_scored_on_both_splits_in_every_condition(
    contrast: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of photographs by what photographs tell; of scans on both sides by headers alone."""
    kinds = {"scan_facts": 10.0, "photo_facts": 20.0, "header_facts": 30.0}
    for kind, number in kinds.items():
        monkeypatch.setattr(
            metadata_leak, kind, lambda path, place, number=number: np.array([number + place, len(str(path))])
        )
    asked: list[tuple] = []

    def link(edition: object, sealed: object, probes: dict, references: dict, shared: int) -> dict:
        asked.append((probes, references, shared))
        return {"nearest": [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]}

    monkeypatch.setattr(metadata_leak, "link_by_facts", link)
    monkeypatch.setattr(metadata_leak, "reported", lambda lists, label, compute: [*lists, compute][:-1])

    def split(name: str, *ids: str) -> SimpleNamespace:
        probes, references = [f"p{i}" for i in ids], [f"r{i}" for i in ids]
        return SimpleNamespace(
            name=name, probes=probes, references=references, reference_contrast=contrast,
            trials=[(p, r) for p in probes for r in references], scan=lambda p: "scan" + p,
            reference=lambda r, condition: condition + r,
        )  # fmt: skip

    dev, evaluation = split("dev", "0", "1"), split("eval", "2", "3")
    edition = SimpleNamespace(
        dev=dev, eval=evaluation, splits={"dev": dev, "eval": evaluation},
        conditions=("raw",) if contrast else ("raw", "bald"),
    )  # fmt: skip
    sealed = SimpleNamespace(subjects={f"{side}{i}": f"s{i}" for side in "pr" for i in range(4)})
    found = metadata_leak.metadata_leaks(edition, sealed, 150, 3)  # type: ignore[arg-type]
    assert list(found) == (["nearest"] if contrast else ["nearest", "nearest, bald"])
    of_scan = 30 if contrast else 10
    of_reference = 30 if contrast else 20
    for (probes, references, shared), condition in zip(asked, ("raw", "bald"), strict=False):
        for name in ("dev", "eval"):  # p0 stands first in the first of four trials, p1 in the third
            assert probes[name].tolist() == [[of_scan, 6], [of_scan + 2 / 3, 6]]
            length = len(condition) + 2
            assert references[name].tolist() == [[of_reference, length], [of_reference + 1 / 3, length]]
        shared_of = metadata_leak.HEADER_FACTS if contrast else metadata_leak.SHARED
        assert shared == len(shared_of)
    scored = found["nearest"]
    assert (scored.draws, scored.seed) == (150, 3)  # type: ignore[attr-defined]
    assert scored.scores.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]  # type: ignore[attr-defined]
    assert scored.mated.tolist() == [True, False, False, True] * 2  # type: ignore[attr-defined]
    usual = metadata_leak.metadata_leaks(edition, sealed)["nearest"]  # type: ignore[arg-type]
    assert (usual.draws, usual.seed) == (1000, 0)  # type: ignore[attr-defined]
