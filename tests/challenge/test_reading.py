"""Attributes and ages are read from images that hold them: scans as defaced, undefaced, photographs."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from engine import ENGINE

from challenge.attackers import Looks
from challenge.edition import Edition
from challenge.entry import Result
from challenge.evaluator import Evaluator
from challenge.features import ImageFeatures
from challenge.protocol import Protocol
from challenge.reading import read_from_images
from challenge.sealed import open_sealed


@pytest.fixture
def evaluator(tiny_edition: Edition, tiny_edition_folder: Path, tmp_path: Path) -> Evaluator:
    protocol = Protocol(attacks=["geo"], bootstrap=50)
    sealed = open_sealed(tiny_edition_folder)
    return Evaluator(tiny_edition, sealed, protocol, tmp_path, ENGINE)


def seen(evaluator: Evaluator, names: list[str], telling: bool) -> dict[str, ImageFeatures]:
    """Features that are sex and age, or nothing at all."""
    sealed, dev = evaluator.sealed, evaluator.edition.dev
    sexes = {sealed.subjects[p]: own.sex for p, own in {**dev.attributes, **sealed.attributes}.items()}
    ages = {sealed.subjects[p]: age for p, age in sealed.ages.items()}
    of = {name: sealed.subjects[name] for name in names}
    vectors = {n: [float(sexes[s] == "F"), ages[s]] if telling else [0.0, 0.0] for n, s in of.items()}
    return {name: ImageFeatures(True, "", {"geo": np.array(own)}) for name, own in vectors.items()}


def read(evaluator: Evaluator) -> tuple[dict[tuple[str, str], Result], list[str]]:
    """Read from telling originals and photographs, and from defaced scans that tell nothing."""
    splits = evaluator.edition.splits
    photos = {(name, "raw"): seen(evaluator, split.references, True) for name, split in splits.items()}
    looks = [
        Looks({name: seen(evaluator, split.probes, telling) for name, split in splits.items()}, photos)
        for telling in (True, False)
    ]
    submission = SimpleNamespace(track="defacing", team="team", system="system")
    remarks: list[str] = []
    results = read_from_images(evaluator, submission, *looks, remarks)  # type: ignore[arg-type]
    return {(result.name, result.trial_list): result for result in results}, remarks


def test_what_defacing_took_is_read_from_undefaced_scans_and_photographs(evaluator: Evaluator) -> None:
    found, remarks = read(evaluator)
    for kind, counted in (("undefaced", "probes"), ("photo", "photographs")):
        sex, age = found["geo+sex", kind], found["geo+age", kind]
        assert sex.figures["accuracy"].value == 1
        assert age.figures["mae_years"].value < 4
        assert age.figures["gain_years"].value > 5
        assert not sex.rates
        assert not age.rates
        assert f"tr:defacing/eval,{kind}" in age.signature
        assert age.counts[counted] == sex.counts[counted]
    assert found["geo+sex", "photo"].counts["photographs"] == len(evaluator.edition.eval.references)
    assert found["geo+sex", "probes"].rates
    assert found["geo+sex", "probes"].figures["gain"].value <= 0
    assert found["geo+age", "probes"].figures["gain_years"].value <= 0
    assert not any("sex" in line or "age:" in line for line in remarks)


def test_nobody_learns_from_images_without_a_face_and_what_is_not_known_is_not_asked(
    evaluator: Evaluator,
) -> None:
    images = {name: ImageFeatures(False, "no face found", {}) for name in evaluator.sealed.subjects}
    blind = Looks(dict.fromkeys(("dev", "eval"), images), {(s, "raw"): images for s in ("dev", "eval")})
    submission = SimpleNamespace(track="defacing", team="team", system="system")
    for ages, asked in ((evaluator.sealed.ages, 4), ({}, 3)):
        evaluator.sealed = replace(evaluator.sealed, ages=ages)
        remarks: list[str] = []
        assert read_from_images(evaluator, submission, blind, blind, remarks) == []  # type: ignore[arg-type]
        assert len(remarks) == 3 * asked
        assert any(line.endswith("(photo)") for line in remarks)
