"""Where hair removal failed, attackers take the raw photograph, and the number of these is reported."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mriprivacy.baselines.hair.removal import NoFaceError, remove_hair
from mriprivacy.challenge.attackers import photographs
from mriprivacy.challenge.attackers.photographs import taken_photographs
from mriprivacy.challenge.compute.code_hash import sources
from mriprivacy.challenge.compute.engines import Compute
from mriprivacy.challenge.entry.attacker import Attacker
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


def made_up(tmp_path: Path) -> dict[tuple[str, str], dict[str, Path]]:
    """Two photographs of eval and one of dev, raw and bald; every file holds its name."""
    shots = {
        (split, c): {r: tmp_path / f"{split}-{c}-{r}.png" for r in own}
        for split, own in (("dev", "a"), ("eval", "bc"), ("doppelganger", "b"))
        for c in ("raw", "bald")
    }
    for own in shots.values():
        for path in own.values():
            path.write_text(path.name)
    return shots


@pytest.mark.parametrize("kept", [True, False])
def test_failures_are_counted_by_set_and_seen_by_attackers_of_bald_alone(
    kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the doppelganger and of one photograph of eval; without a folder nothing is kept."""
    shots, asked = made_up(tmp_path), []

    def verdict(raw: Path, bald: Path) -> str:
        asked.append((raw, bald))
        return "hair" if bald.name in ("eval-bald-b.png", "doppelganger-bald-b.png") else ""

    monkeypatch.setattr(photographs, "_verdict", verdict)
    (tmp_path / "cache").mkdir()
    cache = tmp_path / "cache" if kept else None
    for times in (1, 1 if kept else 2):
        taken = taken_photographs(shots, BUILT_IN, cache, Compute("sequential"))
        assert len(asked) == 4 * times
    assert asked[0] == (shots["dev", "raw"]["a"], shots["dev", "bald"]["a"])
    assert taken.failed == {"dev": {}, "eval": {"b": "hair"}, "doppelganger": {"b": "hair"}}
    changed = {"eval": "b", "doppelganger": "b"}
    for (name, condition), own in taken.paths.items():
        for reference, path in own.items():
            raw = condition == "raw" or changed.get(name) == reference
            assert path == shots[name, "raw" if raw else "bald"][reference]
    counts = "2 of 4 photographs (eval: 1, doppelganger: 1)"
    assert taken.remarks == [f"hair removal failed on {counts}; attackers take the raw ones instead"]
    bald, raw = (Attacker("geo", "informed", target=c) for c in ("bald", "raw"))
    assert taken.counts(bald) == {"references": 2, "hair_removal_failed": 1}
    assert taken.counts(raw) == taken.counts(Attacker("fusion", "informed")) == {}
    assert photographs.Photographs(shots, {"dev": {"a": "hair"}, "eval": {}}).counts(bald) == {}
    assert photographs.Photographs(shots, {"dev": {}, "eval": {}}).remarks == []


def test_a_verdict_is_of_the_whole_of_both_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    @dataclass(frozen=True)
    class Made:
        picture: str

    def read(path: Path, whole: bool = False) -> str:
        assert whole
        return path.name

    def removed(picture: str) -> Made:
        if picture == "none-there":
            raise NoFaceError
        return Made("made")

    monkeypatch.setattr(photographs, "read_photo", read)
    monkeypatch.setattr(photographs, "remove_hair", removed)
    monkeypatch.setattr(photographs, "why_failed", lambda *given: asked.append(given) or "why")
    assert photographs._verdict(Path("raw"), Path("bald")) == "why"
    assert asked == [("raw", Made("bald"))]
    assert photographs._verdict(Path("none-there"), Path("bald")) == "no face found from the front"
