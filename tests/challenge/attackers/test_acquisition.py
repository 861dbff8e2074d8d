"""What is said of images without a face, and of photographs with several."""

from mriprivacy.challenge.attackers.acquisition import (
    COLUMNS,
    crowded,
    faceless_references,
    remarks_on_doppelgangers,
    remarks_on_references,
    seen,
)
from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.entry.attacker import Attacker


def face(faces: float | None = None) -> ImageFeatures:
    return ImageFeatures(True, "", {}, checks={} if faces is None else {"faces": faces})


NONE = ImageFeatures(False, "no face found", {}, checks={"nose_mm": -1.04})


def test_training_loses_images_of_dev_and_trials_those_of_eval() -> None:
    images = {"a": NONE, "b": face(1), "c": NONE}
    lines = remarks_on_references({("dev", "raw"): images, ("eval", "bald"): {"d": NONE}}, "photographs")
    assert lines == [
        "references: no face in 2 of 3 raw photographs of dev (a, c); they are left out of the training",
        "references: no face in 1 of 1 bald photographs of eval (d); their trials get the lowest score",
    ]
    assert remarks_on_references({("dev", "raw"): {"b": face(1)}}, "photographs") == []


def test_several_faces_are_counted_once_a_photograph() -> None:
    images = {"a": face(2), "b": face(1), "c": face(0), "d": face()}
    assert crowded(images) == {"a": 2}
    (line,) = remarks_on_references({("dev", "raw"): images, ("dev", "bald"): images}, "photographs")
    assert line == "references: several faces in 1 of 4 photographs (a); the largest is taken"


def test_an_attacker_of_all_conditions_lost_those_without_a_face_in_every_one() -> None:
    conditions = {"raw": {"a": NONE, "b": NONE, "c": face()}, "bald": {"a": NONE, "b": face(), "c": NONE}}
    lost = {
        target: faceless_references(conditions, Attacker("geo", "informed", target=target))
        for target in ("raw", "bald", "")
    }
    assert lost["raw"] == lost["bald"] == {"references": 3, "references_without_face": 2}
    assert lost[""] == {"references": 3, "references_without_face": 1}
    assert faceless_references({"raw": {"c": face()}}, Attacker("geo", "informed", target="raw")) == {}


def test_rows_say_what_was_acquired_and_why_not() -> None:
    (row,) = seen({"a": NONE}, "reference")
    cells = dict(zip(COLUMNS, row, strict=True))
    assert row[:4] == ("a", "reference", "no", "no face found")
    assert cells["nose_mm"] == "-1.0"
    assert [cell for cell in row[4:] if cell != "n/a"] == ["-1.0"]
    (line,) = remarks_on_doppelgangers({"raw": {"a": NONE, "b": face()}, "bald": {"b": face()}})
    assert line.startswith("doppelgangers: no face in 1 of 2 raw photographs (of a)")
