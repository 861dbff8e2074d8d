"""A cohort as clinics have them, from files to entries: unknown attributes, sessions, odd grids and masks."""

import csv
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.baselines.face.scan import Scan, read_scan
from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry_file import read_entries, write_entry
from mriprivacy.challenge.evaluation.checks.brain_gate import apply_gate, estimate_brain
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.intake.description import write_submission_json
from mriprivacy.challenge.intake.submission import check_submission
from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.editions.build_edition import build_edition, plan_edition
from mriprivacy.data_prep.formats.schema import ATTRIBUTE_COLUMNS, SCORE_COLUMNS
from mriprivacy.data_prep.formats.tables.tsv import write_table
from tests.helpers.awkward import CONFIG, HEAD, PEOPLE, brain, with_head
from tests.helpers.degraded import halved

pytestmark = pytest.mark.long

UNKNOWN = {subject for subject, person in PEOPLE.items() if "n/a" in person[:3]}
# Sex, age group and ethnicity of the people of whom all is known, worked out by hand.
KNOWN = {
    **dict.fromkeys(("sub-01", "sub-11", "sub-12", "sub-13"), ("M", "18-29", "asian")),
    **dict.fromkeys(("sub-07", "sub-08", "sub-09", "sub-14"), ("F", "60+", "african")),
}


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t"))


@pytest.fixture(scope="module")
def context(awkward_edition_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Context:
    edition, sealed = open_edition(awkward_edition_folder), open_sealed(awkward_edition_folder)
    protocol = Protocol(attacks=["geo"], bootstrap=20, reanalysed=0)
    return Context(edition, sealed, protocol, tmp_path_factory.mktemp("cache"), Compute("sequential"))


def submitted(folder: Path, context: Context, track: str):
    about = {"team": "team", "system": "system", "description": "A test.", "contact": "a@b.org"}
    write_submission_json(folder, edition=context.edition.name, track=track, licence="MIT", **about)
    return check_submission(folder, context.edition)


def test_the_edition_is_whole_and_says_what_is_not_known(
    awkward_cohort: Path, awkward_edition_folder: Path
) -> None:
    assert verify_edition(awkward_edition_folder) == ()
    assert set(KNOWN) | UNKNOWN == set(PEOPLE)
    assert plan_edition(awkward_cohort, CONFIG).remarks == tuple(
        f"{name} is not known of {count} of 14 people, who are not scored on it"
        for name, count in (("sex", 3), ("age_group", 4), ("ethnicity", 3))
    )


def test_sessions_of_a_person_are_probes_of_one_split(awkward_edition_folder: Path) -> None:
    rows = table(awkward_edition_folder / "sealed" / "subjects.tsv")
    for subject, person in PEOPLE.items():
        own = [row for row in rows if row["subject"] == subject]
        assert len({row["split"] for row in own}) == 1, subject
        assert sum(row["id"].startswith("sub-") for row in own) == max(1, person.sessions), subject


def test_people_with_unknown_attributes_keep_their_trials(awkward_edition_folder: Path) -> None:
    """All probes meet all references of eval; mated trials are matched whatever is known of the person."""
    sealed = awkward_edition_folder / "sealed"
    of = {row["id"]: row["subject"] for row in table(sealed / "subjects.tsv") if row["split"] == "eval"}
    assert len(UNKNOWN & set(of.values())) >= 3
    assert len(set(KNOWN) & set(of.values())) >= 4
    expected = {}
    for probe in (name for name in of if name.startswith("sub-")):
        for reference in (name for name in of if name.startswith("ph-")):
            one, other = of[probe], of[reference]
            alike = one in KNOWN and KNOWN[one] == KNOWN.get(other)
            mated = one == other
            expected[probe, reference] = (
                "mated" if mated else "nonmated",
                "yes" if mated or alike else "no",
            )
    rows = table(sealed / "key.tsv")
    assert {(r["probe"], r["reference"]): (r["label"], r["matched"]) for r in rows} == expected
    assert ("nonmated", "yes") in expected.values()


def test_ages_that_are_no_number_are_left_out(awkward_edition_folder: Path) -> None:
    sealed = awkward_edition_folder / "sealed"
    of = {row["id"]: row["subject"] for row in table(sealed / "subjects.tsv")}
    ages = {row["probe"]: float(row["age"]) for row in table(sealed / "ages.tsv")}
    assert ages == {
        name: float(PEOPLE[subject].age)
        for name, subject in of.items()
        if name.startswith("sub-") and PEOPLE[subject].age not in ("n/a", "89+")
    }


def test_scans_and_masks_are_turned_alike_and_masks_are_of_zeros_and_ones(context: Context) -> None:
    for split in context.edition.splits.values():
        for probe in split.probes:
            person = PEOPLE[context.sealed.subjects[probe]]
            scan, mask = nib.load(split.scan(probe)), nib.load(context.sealed.brain_mask(probe))
            for image in (scan, mask):
                assert nib.aff2axcodes(image.affine) == ("R", "A", "S")
                assert image.header.get_zooms() == pytest.approx(person.voxel_mm)
            np.testing.assert_allclose(mask.affine, scan.affine)
            np.testing.assert_array_equal(np.asarray(mask.dataobj), brain())
            assert mask.get_data_dtype() == np.uint8


def test_masks_off_the_grid_or_lacking_are_refused_all_at_once(awkward_cohort: Path, tmp_path: Path) -> None:
    cohort = Path(shutil.copytree(awkward_cohort, tmp_path / "cohort"))
    masks = {subject: min(cohort.glob(f"derivatives/truth/{subject}/**/*mask*")) for subject in PEOPLE}
    moved, cut = nib.load(masks["sub-08"]), nib.load(masks["sub-03"])
    affine = moved.affine.copy()
    affine[2, 3] += 1.5
    nib.save(nib.Nifti1Image(np.asarray(moved.dataobj), affine), masks["sub-08"])
    data = np.asarray(cut.dataobj)[:-1].copy()
    nib.save(nib.Nifti1Image(data, cut.affine), masks["sub-03"])
    masks["sub-12"].unlink()
    nib.save(nib.load(masks["sub-05"]), f"{masks['sub-05']}.gz")
    with pytest.raises(CohortError) as caught:
        build_edition(cohort, tmp_path / "edition", CONFIG)
    assert caught.value.problems == (
        f"{cohort}: brain masks on another grid than the scan (2 in all): sub-03_ses-1, sub-08",
        f"{cohort}: brain masks stored twice; keep .nii or .nii.gz: {masks['sub-05'].name}.gz",
        f"{cohort}: brain masks missing: {masks['sub-12'].relative_to(cohort)}",
    )
    assert not (tmp_path / "edition").exists()


@pytest.fixture(scope="module")
def defacing(context: Context, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything but the brain is taken; one scan stays as it is, and one loses its brain."""
    folder = tmp_path_factory.mktemp("defacing")
    probes = [(split, probe) for split in context.edition.splits.values() for probe in split.probes]
    for place, (split, probe) in enumerate(probes):
        image = nib.load(split.scan(probe))
        data = np.asarray(image.dataobj).copy()
        if place != 1:
            data[brain() if place == 0 else ~brain()] = 0
        path = folder / split.name / "mri" / split.scan_name(probe)
        path.parent.mkdir(parents=True)
        nib.save(nib.Nifti1Image(data, image.affine), path)
    return folder


def test_a_defacing_entry(
    context: Context, defacing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of made-up features, as noise has no face."""
    rng, room = np.random.default_rng(1), "mriprivacy.challenge.evaluation.defacing."

    def extract(
        paths, kind, extraction, label, compute, untrusted=False, heads=()
    ) -> dict[str, ImageFeatures]:
        return {name: ImageFeatures(True, "", {"geo": rng.normal(size=6)}) for name in paths}

    monkeypatch.setattr(room + "extract", extract)
    monkeypatch.setattr(room + "leak_checks", lambda *_: [])
    monkeypatch.setattr(room + "predict_from_images", lambda *_: ([], [], []))
    entry = evaluate(context, submitted(defacing, context, "defacing")).entry
    dev = list(context.edition.dev.probes)
    n = len(dev) + len(context.edition.eval.probes)
    assert (entry.gate.scans, entry.gate.passed, entry.gate.unchanged) == (n, n - 2, 1)
    assert (entry.gate.failed, entry.gate.worst_changed, entry.gate.estimated) == ((dev[0],), 1, 0)
    mated = sum(trial.mated for trial in context.sealed.trials.values())
    for result in entry.results:
        if result.trial_list in ("all", "matched"):
            assert result.counts["mated"] == mated, result.trial_list
    lists = {result.trial_list for result in entry.results}
    assert {"all", "matched"} <= lists
    assert not any("n/a" in name for name in lists)
    write_entry(tmp_path, entry)
    assert read_entries(tmp_path) == (entry,)


def test_an_attack_entry(context: Context, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    rows = [
        (*pair, repr(rng.normal() + 3 * context.sealed.trials[pair].mated))
        for pair in context.edition.eval.trials
    ]
    write_table(tmp_path / "scores.tsv", SCORE_COLUMNS, rows)
    entry = evaluate(context, submitted(tmp_path, context, "attack")).entry
    scores = {(probe, reference): float(score) for probe, reference, score in rows}
    for result in entry.results:
        chosen = [
            pair for pair in scores if result.trial_list == "all" or context.sealed.trials[pair].matched
        ]
        genuine = [scores[pair] for pair in chosen if context.sealed.trials[pair].mated]
        others = [scores[pair] for pair in chosen if not context.sealed.trials[pair].mated]
        assert (result.counts["mated"], result.counts["nonmated"]) == (len(genuine), len(others))
        area = np.mean(np.subtract.outer(genuine, others) > 0)
        assert result.figures["auc"].value == pytest.approx(area)
    assert [result.trial_list for result in entry.results] == ["all", "matched"]
    write_entry(tmp_path / "entries", entry)
    assert read_entries(tmp_path / "entries") == (entry,)


def test_attributes_that_are_not_known_are_not_scored(context: Context, tmp_path: Path) -> None:
    """True predictions where the cohort knows, and a guess where it does not."""
    truth = context.sealed.attributes
    guess = {"sex": "F", "age_group": "60+", "ethnicity": "asian"}
    rows = [
        (probe, *(own if own != "n/a" else guess[name] for name, own in truth[probe]._asdict().items()))
        for probe in context.edition.eval.probes
    ]
    write_table(tmp_path / "attributes.tsv", ATTRIBUTE_COLUMNS, rows)
    entry = evaluate(context, submitted(tmp_path, context, "attributes")).entry
    for result in entry.results:
        unknown = sum(getattr(own, result.name) == "n/a" for own in truth.values())
        assert unknown > 0
        assert result.counts == {"probes": len(truth) - unknown, "unknown": unknown}
        assert result.figures["accuracy"].value == 1
    assert [result.name for result in entry.results] == ["sex", "age_group", "ethnicity"]
    write_entry(tmp_path / "entries", entry)
    assert read_entries(tmp_path / "entries") == (entry,)


@pytest.fixture(scope="module")
def head_folder(awkward_cohort: Path, real_head: Scan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An edition of the same people and of a real head; no brain is known."""
    folder = tmp_path_factory.mktemp("head")
    cohort = with_head(Path(shutil.copytree(awkward_cohort, folder / "cohort")), halved(halved(real_head)))
    build_edition(cohort, folder / "edition", CONFIG)
    return folder / "edition"


def test_the_brain_of_a_real_head_is_estimated_and_bounded(head_folder: Path, tmp_path: Path) -> None:
    """A defacer that cuts the front of the head passes; one that cuts its top does not."""
    assert verify_edition(head_folder) == ()
    edition, sealed = open_edition(head_folder), open_sealed(head_folder)
    (probe,) = (name for name, who in sealed.subjects.items() if who == HEAD and name.startswith("sub-"))
    assert sealed.brain_mask(probe) is None
    (split,) = (split for split in edition.splits.values() if probe in split.probes)
    head = read_scan(split.scan(probe))
    estimated = estimate_brain(head, tmp_path)
    assert 1.1 < estimated.sum() * np.prod(head.spacing) / 1e6 < 1.7  # litres
    inside = head.data > 0.15 * np.percentile(head.data, 99)
    assert inside[estimated].mean() > 0.9
    first, last = np.argwhere(inside).min(axis=0), np.argwhere(inside).max(axis=0)
    low, high = np.argwhere(estimated).min(axis=0), np.argwhere(estimated).max(axis=0)
    assert (low > first).all()
    assert (high < last).all()
    cuts = {"front": np.s_[:, high[1] + 1 :], "top": np.s_[:, :, (low[2] + high[2]) // 2 :]}
    for name, cut in cuts.items():
        data = head.data.copy()
        data[cut] = 0
        path = tmp_path / f"{name}.nii.gz"
        nib.save(nib.Nifti1Image(data, head.affine), path)
        scans = {(split.name, probe): path}
        gated = apply_gate(edition, sealed, scans, 0.05, tmp_path, Compute("sequential"))
        gate, warned = gated.gate, gated.remarks
        assert (gate.scans, gate.estimated) == (1, 1)
        assert gate.passed == (name == "front"), (gate, warned)
        assert any("no true brain is sealed" in line for line in warned)
        assert (gate.worst_changed < 0.001) if name == "front" else (0.3 < gate.worst_changed < 0.7)


def test_a_head_without_a_mask_among_masks_is_refused(
    awkward_cohort: Path, real_head: Scan, tmp_path: Path
) -> None:
    """A brain is known of all people, or of none."""
    cohort = Path(shutil.copytree(awkward_cohort, tmp_path / "cohort"))
    with_head(cohort, halved(halved(real_head)))
    shutil.copytree(awkward_cohort / "derivatives", cohort / "derivatives")
    with pytest.raises(CohortError, match=f"brain masks missing: derivatives/truth/{HEAD}/"):
        plan_edition(cohort, CONFIG)
