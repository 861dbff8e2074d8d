"""Scores and attributes whose figures are known beforehand, through intake and evaluation."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray

from mriprivacy.baselines.alignment.template import AlignmentError
from mriprivacy.baselines.face.scan import Scan
from mriprivacy.challenge.attackers.acquisition import COLUMNS
from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.compute.parallel import Compute, Lost
from mriprivacy.challenge.edition.labelled_trials import LabelledTrials
from mriprivacy.challenge.edition.protocol import Protocol, read_protocol
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.edition.sealed import SealedKey, open_sealed
from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.entry_file import read_entries, write_entry
from mriprivacy.challenge.evaluation.checks.brain_gate import apply_gate
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.intake.description import describe_reference, write_submission_json
from mriprivacy.challenge.intake.submission import check_submission
from mriprivacy.challenge.leaderboard.pages.markdown import leaderboard
from mriprivacy.challenge.leaderboard.pages.report import write_report
from mriprivacy.data_prep.formats.schema import ATTRIBUTE_COLUMNS, SCORE_COLUMNS, Attributes
from mriprivacy.data_prep.formats.tables.tsv import read_table, write_table
from mriprivacy.scoring.errors import UserError
from tests.helpers.engine import ENGINE


@pytest.fixture
def sealed(tiny_edition_folder: Path) -> SealedKey:
    return open_sealed(tiny_edition_folder)


def judge(edition: Edition, sealed: SealedKey, folder: Path, track: str) -> Entry:
    about = {
        "team": "team",
        "system": "oracle",
        "description": "A test.",
        "contact": "a@b.org",
        "licence": "MIT",
    }
    write_submission_json(folder, edition=edition.name, track=track, **about)
    context = Context(edition, sealed, Protocol(bootstrap=50), folder / "cache", ENGINE)
    return evaluate(context, check_submission(folder, edition)).entry


def scored(edition: Edition, sealed: SealedKey, folder: Path, score) -> Entry:
    folder.mkdir(exist_ok=True)
    rows = [(*trial, repr(float(score(trial)))) for trial in edition.eval.trials]
    write_table(folder / "scores.tsv", SCORE_COLUMNS, rows[::-1])  # the order of rows says nothing
    return judge(edition, sealed, folder, "attack")


def test_an_oracle_links_everybody(tiny_edition: Edition, sealed: SealedKey, tmp_path: Path) -> None:
    entry = scored(tiny_edition, sealed, tmp_path / "s", lambda trial: sealed.trials[trial].mated)
    figures = entry.results[0].figures
    assert (figures["eer"].value, figures["auc"].value, figures["rank1"].value) == (0, 1, 1)
    assert figures["linkability"].value == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("said", [True, False, None, "true"])
def test_people_are_real_unless_the_edition_says_otherwise(
    said: object, tiny_edition: Edition, sealed: SealedKey, tmp_path: Path
) -> None:
    edition = replace(tiny_edition, description={**tiny_edition.description, "synthetic": said})
    entry = scored(edition, sealed, tmp_path / "s", lambda trial: sealed.trials[trial].mated)
    assert entry.synthetic is (said is True)


def test_a_liar_is_seen(tiny_edition: Edition, sealed: SealedKey, tmp_path: Path) -> None:
    entry = scored(tiny_edition, sealed, tmp_path / "s", lambda trial: not sealed.trials[trial].mated)
    assert entry.results[0].figures["eer"].value == 1
    assert entry.results[0].figures["auc"].value == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_distances_for_scores_are_warned_about(
    sign: int, tiny_edition: Edition, sealed: SealedKey, tmp_path: Path
) -> None:
    entry = scored(tiny_edition, sealed, tmp_path / "s", lambda trial: sign * sealed.trials[trial].mated)
    warned = [warning for warning in entry.warnings if "are the scores distances?" in warning]
    assert len(warned) == (sign < 0)
    assert all(line.startswith("AUC is 0.00 [0.00, 0.") for line in warned)


def test_constant_scores_are_chance(tiny_edition: Edition, sealed: SealedKey, tmp_path: Path) -> None:
    entry = scored(tiny_edition, sealed, tmp_path / "s", lambda trial: 3.0)
    figures = entry.results[0].figures
    assert (figures["eer"].value, figures["auc"].value) == (0.5, 0.5)
    assert any("scores.tsv: every score is 3" in warning for warning in entry.warnings)


def test_small_samples_are_noted(tiny_edition: Edition, sealed: SealedKey, tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    entry = scored(tiny_edition, sealed, tmp_path / "s", lambda trial: noise.normal())
    assert any("linkability" in warning for warning in entry.warnings)


def test_seconds_are_tenths(tiny_edition: Edition, sealed: SealedKey, tmp_path: Path) -> None:
    seconds = [
        one
        for run in range(3)
        for one in scored(tiny_edition, sealed, tmp_path / str(run), lambda trial: 1.0).seconds.values()
    ]
    assert seconds
    assert [round(one, 1) for one in seconds] == seconds


def test_the_signature_says_how_the_figures_were_made(
    tiny_edition: Edition, sealed: SealedKey, tmp_path: Path
) -> None:
    signature = scored(tiny_edition, sealed, tmp_path / "s", lambda trial: 1.0).results[0].signature
    assert f"ed:{tiny_edition.name}@{tiny_edition.hash[:8]}" in signature
    assert "ci:subject-bootstrap,50" in signature
    assert "sys:team/oracle" in signature


def test_the_signature_has_the_networks_that_a_submission_declares(
    tiny_edition: Edition, sealed: SealedKey, tmp_path: Path
) -> None:
    rows = [(*trial, f"{number}") for number, trial in enumerate(tiny_edition.eval.trials)]
    write_table(tmp_path / "scores.tsv", SCORE_COLUMNS, rows)
    describe_reference(tmp_path, tiny_edition.name, "attack", "deepface_raw", "", "Dlib@2316b25a")
    context = Context(tiny_edition, sealed, Protocol(bootstrap=50), tmp_path / "cache", ENGINE)
    entry = evaluate(context, check_submission(tmp_path, tiny_edition)).entry
    assert " | att:deepface_raw(Dlib@2316b25a)/submitted | " in entry.results[0].signature
    assert entry.results[0].name == "deepface_raw"


def test_true_attributes_are_all_right_and_beat_the_majority(
    tiny_edition: Edition, sealed: SealedKey, tmp_path: Path
) -> None:
    rows = [(probe, *sealed.attributes[probe]) for probe in tiny_edition.eval.probes]
    write_table(tmp_path / "attributes.tsv", ATTRIBUTE_COLUMNS, rows)
    entry = judge(tiny_edition, sealed, tmp_path, "attributes")
    assert [result.name for result in entry.results] == ["sex", "age_group", "ethnicity"]
    assert all(result.figures["accuracy"].value == 1 for result in entry.results)
    assert entry.results[0].figures["gain"].value > 0


def test_a_protocol_of_another_kit_is_refused() -> None:
    from mriprivacy.challenge.edition.public import EditionError

    with pytest.raises(EditionError, match="protocol"):
        read_protocol({"protocol": {"telepathy": True}})
    with pytest.raises(EditionError, match="protocol"):
        read_protocol({"protocol": {"bootstrap": "many"}})


NONSENSE = {
    "attacks": ["telepathy"],
    "networks": ["unknown"],
    "spacing_mm": 0,
    "size": 100_000,
    "lights": ["moon"],
    "bootstrap": 0,
    "bootstrap_seed": -1,
    "in_brain_change": 2,
    "reanalysed": -2,
    "brain_engine": "guess",
}


def test_a_protocol_by_which_nobody_can_be_evaluated_is_refused_with_all_that_is_wrong(
    tiny_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """When the edition is built, before anything is written, and when it is opened."""

    with pytest.raises(UserError) as error:
        read_protocol({"protocol": NONSENSE})
    assert len(error.value.problems) == len(NONSENSE)
    expected = [line.removeprefix("edition.json: ") for line in error.value.problems]
    found: list[str] = []
    for names in (set(NONSENSE), {"attacks", "lights"}):  # first what settings may be, then what they mean
        said = [
            f"protocol.{name}={value}".replace("'", "") for name, value in NONSENSE.items() if name in names
        ]
        words = ["build", f"cohort.root={tiny_cohort}", "seed=1", f"output={tmp_path / 'edition'}", *said]
        assert main(words) == 2
        lines = capsys.readouterr().err.splitlines()
        found += [line.removeprefix("mriprivacy: ").removeprefix("build: ") for line in lines]
    assert sorted(set(found)) == sorted(expected)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_scan_that_ends_its_worker_is_no_protection(
    tiny_edition: Edition, sealed: SealedKey, defacing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts as a failure to acquire, is reported, and does not pass the gate."""

    def extract(paths, kind, extraction, label, compute, untrusted, *_) -> dict[str, ImageFeatures]:
        assert untrusted == ("defaced" in label)
        return {name: ImageFeatures(False, "could not be worked on", {}, lost=untrusted) for name in paths}

    monkeypatch.setattr("mriprivacy.challenge.evaluation.defacing.extract", extract)
    context = Context(tiny_edition, sealed, Protocol(bootstrap=50), tmp_path, ENGINE)
    entry = evaluate(context, check_submission(defacing, tiny_edition)).entry
    assert entry.gate.scans == 10
    assert entry.gate.passed == 0
    (warning,) = (warning for warning in entry.warnings if warning.startswith("faces: "))
    assert warning.startswith("faces: could not be worked on (10 scans: ")
    assert warning.count(", ") == 5  # five are named
    assert entry.strongest().counts["failures_to_acquire"] == 5
    assert not entry.rated
    assert "| - |" in leaderboard([entry])


@pytest.mark.slow
def test_references_without_a_face_are_told_and_counted(
    tiny_edition: Edition, sealed: SealedKey, defacing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blank, bald, group = sorted(tiny_edition.eval.references)[:3]
    lost = {f"('eval', 'raw') {blank}", f"('eval', 'bald') {blank}", f"('eval', 'bald') {bald}"}
    noise = np.random.default_rng(0)

    def extract(paths, kind, extraction, label, compute, untrusted, *_) -> dict[str, ImageFeatures]:
        return {
            name: ImageFeatures(False, "no face found", {})
            if name in lost
            else ImageFeatures(
                True,
                "",
                {attack: noise.normal(size=4) for attack in extraction.attacks},
                checks={"faces": 2.0 if name.endswith(group) else 1.0},
            )
            for name in paths
        }

    monkeypatch.setattr("mriprivacy.challenge.evaluation.defacing.extract", extract)
    context = Context(tiny_edition, sealed, Protocol(bootstrap=50), tmp_path / "cache", ENGINE)
    submission = check_submission(defacing, tiny_edition)
    evaluation = evaluate(context, submission)
    entry = evaluation.entry
    n = len(tiny_edition.eval.references)
    assert [warning for warning in entry.warnings if warning.startswith("references: ")] == [
        f"references: no face in 1 of {n} raw photographs of eval ({blank}); "
        "their trials get the lowest score",
        f"references: no face in 2 of {n} bald photographs of eval ({', '.join((blank, bald))}); "
        "their trials get the lowest score",
        f"references: several faces in 1 of {n + len(tiny_edition.dev.references)} photographs ({group}); "
        "the largest is taken",
    ]
    counted = {result.name: result.counts for result in entry.results if result.trial_list == "all"}
    assert counted["geo+raw"]["references_without_face"] == 1
    assert counted["geo+bald"]["references_without_face"] == 2
    assert counted["geo+bald"]["references"] == n
    assert counted["geo+bald"]["failures_to_acquire"] == 0
    write_entry(tmp_path / "entries", entry)
    assert read_entries(tmp_path / "entries") == (entry,)
    page = write_report(tmp_path / "reports", evaluation, context, submission)
    rows = read_table(page.parent / "images.tsv", COLUMNS).rows
    assert sorted(tuple(row[:4]) for row in rows if row[2] == "no") == sorted(
        (one, f"reference_{condition}", "no", "no face found")
        for one, condition in ((blank, "raw"), (blank, "bald"), (bald, "bald"))
    )
    assert len(rows) == 2 * len(tiny_edition.eval.probes) + 2 * n


def test_a_gate_that_ends_its_worker_does_not_pass(
    tiny_edition: Edition, sealed: SealedKey, defacing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "mriprivacy.challenge.evaluation.checks.brain_gate.run_untrusted",
        lambda _, jobs, *__: [Lost("took too long")] * len(jobs),
    )
    scans = check_submission(defacing, tiny_edition).scans
    gated = apply_gate(tiny_edition, sealed, scans, 0.05, tmp_path, Compute("sequential"))
    assert (gated.gate.passed, gated.in_place) == (0, frozenset())
    (remark,) = gated.remarks
    assert remark.startswith("brain gate: took too long (10 scans: ")


def test_scans_without_a_brain_are_not_counted(
    tiny_edition: Edition, sealed: SealedKey, defacing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some brains are sealed, some are estimated, and in one original there is none to be found."""
    scans = check_submission(defacing, tiny_edition).scans
    calls = []

    def estimate(scan: Scan, cache: Path) -> NDArray[np.bool_]:
        calls.append(cache)
        if len(calls) == 1:
            raise AlignmentError("no head")
        brain = np.zeros(scan.data.shape, bool)
        brain[4:20, 8:18, 8:20] = True
        return brain

    known = {probe for _, probe in sorted(scans)[:3]}
    sealed_mask = SealedKey.brain_mask
    monkeypatch.setattr("mriprivacy.challenge.evaluation.checks.brain_gate.estimate_brain", estimate)
    monkeypatch.setattr(SealedKey, "brain_mask", lambda key, p: sealed_mask(key, p) if p in known else None)
    gated = apply_gate(tiny_edition, sealed, scans, 0.05, tmp_path, Compute("sequential"))
    gate, remarks = gated.gate, gated.remarks
    assert calls == [tmp_path] * 7
    assert len(gated.in_place) == 6
    assert not gated.in_place & known
    assert (gate.scans, gate.estimated) == (9, 6)
    # The sealed masks reach into what the fixture takes off, the estimated ones do not.
    assert gate.passed == 6
    assert set(gate.failed) == known
    assert any("no brain is found in the original (1 scan: " in remark for remark in remarks)
    assert any("was estimated" in remark and "(scans: 6)" in remark for remark in remarks)
    monkeypatch.setattr(SealedKey, "brain_mask", lambda *_: None)
    calls.clear()
    one = dict(list(scans.items())[:1])
    alone = apply_gate(tiny_edition, sealed, one, 0.05, tmp_path, Compute("sequential"))
    assert (alone.gate, alone.in_place) == (None, frozenset())


def test_what_is_known_of_nobody_is_nothing_that_two_people_share() -> None:
    from mriprivacy.challenge.evaluation.defacing import _agreement

    sealed = SimpleNamespace(
        subjects={"p": "a", "q": "b", "r": "a", "s": "b"},
        attributes={"p": Attributes("F", "n/a", "n/a"), "q": Attributes("F", "n/a", "asian")},
    )
    trials = (("p", "r"), ("p", "s"), ("q", "s"))
    context = SimpleNamespace(sealed=sealed, trials=LabelledTrials.by_subjects(trials, sealed))
    assert _agreement(context).tolist() == [1, 1, 2]


def test_a_scan_that_cannot_be_used_after_all_costs_itself_alone(
    tiny_edition: Edition, sealed: SealedKey, defacing: Path, tmp_path: Path
) -> None:
    """Whatever intake should let through: an error over one scan is no end of the evaluation."""
    scans = check_submission(defacing, tiny_edition).scans
    before = apply_gate(tiny_edition, sealed, scans, 1.0, tmp_path, Compute("sequential")).gate
    passed = next(key for key in sorted(scans) if key[1] not in before.failed)
    scans[passed].write_bytes(b"no scan")
    gated = apply_gate(tiny_edition, sealed, scans, 1.0, tmp_path, Compute("loky", 1))
    gate, remarks = gated.gate, gated.remarks
    assert gate.passed == before.passed - 1
    assert passed[1] in gate.failed
    assert passed[1] not in gated.in_place
    assert f"brain gate: could not be worked on (ScanError) (1 scan: {passed[1]})" in remarks
    assert not any(str(defacing) in remark for remark in remarks)


@pytest.mark.long
def test_attackers_of_bald_take_the_raw_photograph_where_hair_removal_failed(
    tiny_edition: Edition, sealed: SealedKey, defacing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hairy, fine = sorted(tiny_edition.eval.references)[:2]
    monkeypatch.setattr(
        "mriprivacy.challenge.attackers.photographs._verdict",
        lambda raw, bald: "a fringe reaches the brows" if hairy in bald.name else "",
    )
    looked: dict[str, Path] = {}
    noise = np.random.default_rng(0)

    def extract(paths, kind, extraction, label, compute, untrusted, *_) -> dict[str, ImageFeatures]:
        looked.update(paths)
        return {
            name: ImageFeatures(True, "", {attack: noise.normal(size=4) for attack in extraction.attacks})
            for name in paths
        }

    monkeypatch.setattr("mriprivacy.challenge.evaluation.defacing.extract", extract)
    edition = replace(tiny_edition, description={**tiny_edition.description, "hair_removal": "builtin"})
    context = Context(edition, sealed, Protocol(bootstrap=50), tmp_path / "cache", ENGINE)
    entry = evaluate(context, check_submission(defacing, tiny_edition)).entry
    assert looked[f"('eval', 'bald') {hairy}"] == tiny_edition.eval.photo(hairy, "raw")
    assert looked[f"('eval', 'bald') {fine}"] == tiny_edition.eval.photo(fine, "bald")
    n = len(tiny_edition.eval.references)
    (line,) = [warning for warning in entry.warnings if warning.startswith("hair removal ")]
    assert line.endswith(" photographs (eval: 1); attackers take the raw ones instead")
    every = int(line.split(" failed on 1 of ")[1].split()[0])
    assert n < every < 4 * n  # dev, eval and perhaps doppelgangers
    counted = {result.name: result.counts for result in entry.results if result.trial_list == "all"}
    assert counted["geo+bald"]["hair_removal_failed"] == 1
    assert counted["geo+bald"]["references"] == n
    assert counted["geo+bald"]["mated"] == counted["geo+raw"]["mated"]  # no trial is left out
    assert "hair_removal_failed" not in counted["geo+raw"]
    write_entry(tmp_path / "entries", entry)
    assert read_entries(tmp_path / "entries") == (entry,)
