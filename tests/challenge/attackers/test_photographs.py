"""Where hair removal failed, attackers take the raw photograph, and the number of these is reported."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mriprivacy.baselines.hair.removal import NoFaceError, remove_hair
from mriprivacy.challenge.attackers import photographs
from mriprivacy.challenge.attackers.photographs import taken_photographs
from mriprivacy.challenge.compute.code_hash import sources
from tests.helpers.engine import ENGINE
from tests.helpers.real_faces import face_of

BUILT_IN = {"hair_removal": "builtin"}


@pytest.fixture
def shots(portraits: dict[str, Path], tmp_path: Path) -> dict[tuple[str, str], dict[str, Path]]:
    """Of one reference the hair was removed; the other, the same portrait, was released as it is."""
    raw = face_of(portraits["obama"], 240)
    bald = Image.fromarray(remove_hair(np.asarray(raw)).picture)
    paths = {c: {one: tmp_path / f"{one}-{c}.png" for one in ("fine", "hairy")} for c in ("raw", "bald")}
    for path in (*paths["raw"].values(), paths["bald"]["hairy"]):
        raw.save(path)
    bald.save(paths["bald"]["fine"])
    return {("eval", condition): own for condition, own in paths.items()}


def test_the_raw_photograph_is_taken_where_hair_removal_failed(
    shots: Mapping[tuple[str, str], dict[str, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = taken_photographs(shots, BUILT_IN, tmp_path / "cache", ENGINE)
    assert taken.failed == {"eval": {"hairy": "hair is left on the head"}}
    assert taken.paths["eval", "raw"] == shots["eval", "raw"]
    assert taken.paths["eval", "bald"] == {
        "fine": shots["eval", "bald"]["fine"],
        "hairy": shots["eval", "raw"]["hairy"],
    }
    # Verdicts are kept by the content of both pictures.
    asked = []
    monkeypatch.setattr(photographs, "_verdict", lambda *pair: asked.append(pair) or "")
    assert taken_photographs(shots, BUILT_IN, tmp_path / "cache", ENGINE) == taken
    assert asked == []
    Image.new("RGB", (240, 240)).save(shots["eval", "bald"]["hairy"])
    assert taken_photographs(shots, BUILT_IN, tmp_path / "cache", ENGINE).failed == {"eval": {}}
    assert asked == [(shots["eval", "raw"]["hairy"], shots["eval", "bald"]["hairy"])]


@pytest.mark.parametrize("hair_removal", ["given", "none", None])
def test_photographs_that_the_kit_did_not_edit_are_taken_as_they_are(hair_removal: str | None) -> None:
    shots = {("eval", c): {"ph-a": Path("nowhere", f"{c}.png")} for c in ("raw", "bald")}
    taken = taken_photographs(shots, {"hair_removal": hair_removal}, None, ENGINE)
    assert (taken.paths, taken.failed, taken.remarks) == (shots, {}, [])


def test_figures_before_and_after_have_other_signatures() -> None:
    """Theirs end in the code of all that makes them."""
    files, _ = sources("mriprivacy.challenge.evaluation.evaluator")
    assert photographs.__name__ in files
    assert "mriprivacy.baselines.hair.check" in files


def test_hair_is_looked_for_in_the_whole_photograph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `build` does: a photograph that is made smaller first may have another verdict."""
    seen = []

    def looked(picture: np.ndarray) -> None:
        seen.append(picture.shape)
        raise NoFaceError

    monkeypatch.setattr(photographs, "remove_hair", looked)
    Image.new("RGB", (3000, 2000)).save(tmp_path / "raw.png")
    assert photographs._verdict(tmp_path / "raw.png", tmp_path / "bald.png") == "no face found from the front"
    assert seen == [(2000, 3000, 3)]
