"""A rehearsal rates the people of `dev`, and needs nothing that is sealed."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.labelled_trials import LabelledTrials
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.evaluation.checks.face_presence import FacesLeft
from mriprivacy.challenge.evaluation.rehearsal import _open_key, rehearsed
from mriprivacy.challenge.intake.submission import check_submission, write_submission_json
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from mriprivacy.data_prep.formats.schema import SCORE_COLUMNS, Attributes
from mriprivacy.data_prep.formats.tables.tsv import write_table
from tests.helpers import toy_heads
from tests.helpers.engine import ENGINE_WORDS

PEOPLE = 24
ABOUT = {"team": "team", "system": "none", "description": "A line.", "contact": "a@b.org", "licence": "MIT"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An edition of toy heads with both sides."""
    folder = tmp_path_factory.mktemp("rehearsal")
    cohort = toy_heads.write_toy_cohort(folder / "cohort", PEOPLE)
    protocol = {"attacks": ["geo"], "bootstrap": 100, "reanalysed": 0}
    config = EditionConfig(id="tiny", seed=3, hair_removal="given", protocol=protocol)
    build_edition(cohort, folder / "edition", config)
    return folder / "edition"


@pytest.fixture(scope="module")
def public(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """What a participant has."""
    folder = tmp_path_factory.mktemp("participant") / "public"
    return open_edition(Path(shutil.copytree(whole / "public", folder)))


@pytest.fixture(scope="module")
def mine(public: Edition, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A submission that takes the front of each head."""
    folder = tmp_path_factory.mktemp("mine")
    write_submission_json(folder, edition=public.name, track="defacing", **ABOUT)
    for name, split in public.splits.items():
        for probe in split.probes:
            image = nib.load(split.scan(probe))
            path = folder / name / "mri" / split.scan_name(probe)
            path.parent.mkdir(parents=True, exist_ok=True)
            data = toy_heads.honest({probe: np.asanyarray(image.dataobj)}, probe)
            nib.save(nib.Nifti1Image(np.asarray(data, np.int16), image.affine), path)
    return folder


def test_the_open_key_is_the_sealed_one(whole: Path, public: Edition, mine: Path) -> None:
    sealed = open_sealed(whole)
    swapped, key, submission = rehearsed(public, check_submission(mine, public))
    assert set(swapped.eval.probes) == set(public.dev.probes)
    assert not set(swapped.eval.probes) & set(swapped.dev.probes)
    assert swapped.dev.key == {}
    found = LabelledTrials.sealed(swapped.eval.trials, key)
    same = LabelledTrials.by_subjects(public.dev.trials, sealed).mated
    assert found.mated.tolist() == same.tolist()
    assert 0 < found.mated.sum() < len(same)
    # One name for one person, and two for two.
    names = [*public.dev.probes, *public.dev.references]
    pairs = {(key.subjects[name], sealed.subjects[name]) for name in names}
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})
    for (split, name), path in submission.scans.items():
        assert path.is_file()
        assert name in swapped.splits[split].probes
    assert not [name for name in names if key.brain_mask(name) or key.face_mask(name)]
    assert key.doppelgangers("raw") == {}


def test_pairs_of_one_sex_age_group_and_group_are_matched(public: Edition, mine: Path) -> None:
    first, *rest = public.dev.attributes.values()
    half = {probe: rest[0] if i % 2 else first for i, probe in enumerate(public.dev.probes)}
    alike = replace(public, dev=replace(public.dev, attributes=half))
    assert first != rest[0]
    _, key, _ = rehearsed(alike, check_submission(mine, public))
    of = {key.subjects[probe]: own for probe, own in half.items()}
    for (probe, reference), trial in key.trials.items():
        assert trial.matched is (of[key.subjects[probe]] == of[key.subjects[reference]])


def test_people_of_whom_nothing_is_known_are_matched_with_no_other() -> None:
    """Two people of dev are alike, of a third and a fourth no attribute is known."""
    alike = Attributes("F", "18-29", "asian")
    people = "abcd"
    key = {(f"p{one}", f"r{other}"): one == other for one in people for other in people}
    dev = SimpleNamespace(
        key=key, attributes={"pa": alike, "pb": alike}, probes=[f"p{one}" for one in people],
        references=[f"r{one}" for one in people],
    )  # fmt: skip
    eval_ = SimpleNamespace(probes=["e"], references=["f"])
    edition = SimpleNamespace(root=Path("public"), dev=dev, splits={"dev": dev, "eval": eval_})
    found = _open_key(edition)  # type: ignore[arg-type]
    assert found.root == Path("public/sealed")
    assert found.attributes == dev.attributes
    assert found.subjects == {f"{side}{one}": f"r{one}" for one in people for side in "pr"} | {
        "e": "e",
        "f": "f",
    }
    assert {pair for pair, own in found.trials.items() if own.mated} == {
        (f"p{one}", f"r{one}") for one in people
    }
    matched = {pair for pair, own in found.trials.items() if own.matched}
    assert matched == {(f"p{one}", f"r{one}") for one in people} | {("pa", "rb"), ("pb", "ra")}


@pytest.mark.long
def test_it_is_rated_without_a_key(
    public: Edition,
    mine: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The brains of toy heads are known here: no average head can be laid on them."""
    depth = {
        probe: toy_heads.surface(np.asanyarray(nib.load(split.scan(probe)).dataobj))
        for split in public.splits.values()
        for probe in split.probes
    }
    whose = {r: p for (p, r), mated in public.dev.key.items() if mated}
    rng = np.random.default_rng(1)

    def extract(
        paths, kind, extraction, label, compute, untrusted=False, heads=()
    ) -> dict[str, ImageFeatures]:
        def one(name: str, path: Path) -> ImageFeatures:
            if kind == "scan":
                seen = toy_heads.surface(np.asanyarray(nib.load(path).dataobj))
            else:
                known = depth.get(whose.get(name.rsplit(" ", 1)[1], ""), next(iter(depth.values())))
                seen = known + rng.normal(size=len(known)) * 0.3
            return ImageFeatures(True, "", {"geo": seen[::2], "volume": seen})

        return {name: one(name, path) for name, path in paths.items()}

    monkeypatch.setattr("mriprivacy.challenge.evaluation.defacing.extract", extract)
    monkeypatch.setattr(
        "mriprivacy.challenge.evaluation.defacing.look_for_faces",
        lambda *_: FacesLeft({}, (), frozenset(), {}),
    )
    monkeypatch.setattr("mriprivacy.challenge.evaluation.defacing.SHUFFLED_KEYS", 2)
    monkeypatch.setattr("mriprivacy.challenge.evaluation.defacing.KEYS_A_CALL", 2)
    monkeypatch.setattr(
        "mriprivacy.challenge.evaluation.checks.brain_gate.estimate_brain", lambda *_: toy_heads.BRAIN
    )
    words = [f"edition={public.root}", f"submission={mine}", f"cache={tmp_path}", *ENGINE_WORDS]
    assert main(["rehearse", *words, "verbose=true"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("rehearsal on dev: team/none, track defacing, edition tiny/2026.1")
    assert "\nrank " not in out
    assert "cross-fitted" in out
    assert "/adapted" in out
    assert "trained on dev and its key" not in out
    assert out.rstrip().endswith("an evaluation rates the people of eval")
    assert not (tmp_path / "entries").exists()


def printed_verdict(edition: Edition, folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["rehearse", f"edition={edition.root}", f"submission={folder}", "format=json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_scores_of_dev_are_rated_as_the_command_score_rates_them(
    tiny_edition: Edition, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, scores = tmp_path / "mine", np.random.default_rng(2).normal(size=len(tiny_edition.dev.trials))
    write_submission_json(mine, edition=tiny_edition.name, track="attack", **ABOUT)
    rows = [(*pair, f"{score:.6f}") for pair, score in zip(tiny_edition.dev.trials, scores, strict=True)]
    write_table(mine / "scores.tsv", SCORE_COLUMNS, rows[::-1])
    found = printed_verdict(tiny_edition, mine, capsys)
    key = tiny_edition.root / "dev" / "key.tsv"
    assert main(["score", str(mine / "scores.tsv"), f"key={key}", "format=json"]) == 0
    scored = json.loads(capsys.readouterr().out)["metrics"]
    assert found["rehearsal"] is True
    assert found["measured"]["auc"]["value"] == pytest.approx(scored["auc"]["value"])
    assert main(["rehearse", f"edition={tiny_edition.root}", f"submission={mine}"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("rehearsal on dev: team/none, track attack, edition ")
    assert "must leave that person out" in out
    assert len(out.splitlines()) <= 17
    assert "\nrank " not in out


def test_attributes_of_dev_are_rated(
    tiny_edition: Edition, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_submission_json(tmp_path, edition=tiny_edition.name, track="attributes", **ABOUT)
    (tmp_path / "attributes.tsv").write_bytes((tiny_edition.root / "dev" / "attributes.tsv").read_bytes())
    found = printed_verdict(tiny_edition, tmp_path, capsys)["measured"]
    assert {name: one["value"] for name, one in found.items() if name.endswith("_accuracy")}
    assert all(one["value"] == 1 for name, one in found.items() if name.endswith("_accuracy"))


def test_scores_of_eval_are_refused_with_what_is_expected(
    tiny_edition: Edition, attack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rehearse", f"edition={tiny_edition.root}", f"submission={attack}"]) == 2
    error = capsys.readouterr().err
    assert "scores.tsv: trial that is not in the dev list" in error
    assert "rehearse rates the people of dev; expected the ids of public/dev/trials.tsv" in error
