"""Utility of a submission, through the files of an edition: identity has all, a failed gate nothing."""

import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.baselines.alignment.registration import _key
from mriprivacy.baselines.brain.analysis import QUALITY, BrainAnalysis, BrainError
from mriprivacy.baselines.face.scan import Scan, read_scan
from mriprivacy.challenge.compute.parallel import Compute, Lost
from mriprivacy.challenge.edition.protocol import Protocol
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import SealedKey, open_sealed
from mriprivacy.challenge.entry.entry import Gate
from mriprivacy.challenge.evaluation import utility
from mriprivacy.challenge.evaluation.checks.brain_gate import far_from_head
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.utility import measure_utility
from mriprivacy.challenge.intake.description import write_submission_json
from mriprivacy.challenge.intake.submission import Submission, check_submission
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from mriprivacy.scoring.errors import UserError


def fake(scan: Scan, cache: Path | None, engine: str = "builtin") -> BrainAnalysis:
    """Analyse noise as if it were a head: what is bright is grey, as many points as ever."""
    labels = np.zeros(scan.data.shape, np.uint8)
    labels[4:20, 8:22, 8:20] = 1
    labels[4:20, 8:22, 8:20][scan.data[4:20, 8:22, 8:20] == 0] = 3
    if not scan.data[4:20, 8:22, 8:20].any():
        raise BrainError("what was found has 0 ml; expected a brain of 300 to 3,000 ml")
    volumes = np.array([np.count_nonzero(labels == label) for label in (1, 2, 3)], float)
    return BrainAnalysis(labels, volumes, np.eye(4), np.zeros((3, 3)), dict.fromkeys(QUALITY, 2.0))


@pytest.fixture
def sealed(tiny_edition_folder: Path) -> SealedKey:
    return open_sealed(tiny_edition_folder)


@pytest.fixture
def submission(defacing: Path, tiny_edition: Edition) -> Submission:
    return check_submission(defacing, tiny_edition)


def measured(
    edition: Edition, sealed: SealedKey, submission: Submission, folder: Path, gate=None, **protocol
):
    settings = Protocol(bootstrap=50, **protocol)
    context = Context(edition, sealed, settings, folder, Compute("sequential"))
    return measure_utility(context, submission, gate)


@pytest.mark.slow
def test_noise_has_no_brain_and_that_is_said(
    tiny_edition: Edition, sealed: SealedKey, submission: Submission, tmp_path: Path
) -> None:
    found, remarks = measured(tiny_edition, sealed, submission, tmp_path)
    assert found == {}
    assert len(remarks) == 1
    assert "no brain is found in the original" in remarks[0]


def test_originals_have_all_and_failed_gates_nothing(
    tiny_edition: Edition,
    sealed: SealedKey,
    submission: Submission,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(utility, "analyse", fake)
    same = {(split.name, p): split.scan(p) for split in tiny_edition.splits.values() for p in split.probes}
    untouched = replace(submission, scans=same)
    found, remarks = measured(tiny_edition, sealed, untouched, tmp_path)
    assert (found["utility"].value, found["failed"].value, remarks) == (1.0, 0.0, [])
    assert found["utility"].n == len(tiny_edition.eval.probes)
    gate = Gate(9, 10, 0, 0.1, failed=tiny_edition.eval.probes[:1])
    worse, _ = measured(tiny_edition, sealed, untouched, tmp_path, gate)
    assert worse["utility"].value == pytest.approx(1 - 1 / len(tiny_edition.eval.probes))
    few, _ = measured(tiny_edition, sealed, untouched, tmp_path, reanalysed=2)
    assert few["utility"].n == 2
    none, remarks = measured(tiny_edition, sealed, untouched, tmp_path, reanalysed=0)
    assert none == {}
    assert "not measured" in remarks[0]


def test_a_brain_that_is_gone_counts_as_a_failure(
    tiny_edition: Edition,
    sealed: SealedKey,
    submission: Submission,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = SimpleNamespace(n=0)

    def analysed(scan: Scan, cache: Path | None, engine: str) -> BrainAnalysis:
        calls.n += 1
        if not scan.data[:, 20:].any():  # defaced by the fixture
            raise BrainError("the registration found nothing (1.01)")
        return fake(scan, cache)

    monkeypatch.setattr(utility, "analyse", analysed)
    found, remarks = measured(tiny_edition, sealed, submission, tmp_path)
    n = len(tiny_edition.eval.probes)
    assert (found["utility"].value, found["failed"].value) == (0.0, 1.0)
    assert "brain_dice" not in found  # JSON has no NaN
    (remark,) = remarks
    assert remark.startswith(f"utility: analysis failed: the registration found nothing ({n} scans: ")
    assert calls.n == 2 * n
    measured(tiny_edition, sealed, submission, tmp_path)
    assert calls.n == 3 * n  # originals are kept, failures are tried again


def test_changes_are_told_in_units_of_two_sessions_too(
    own_cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody was scanned twice: what a defacer changes is compared with how the two scans differ."""
    rng = np.random.default_rng(0)
    for path in sorted(own_cohort.rglob("sub-*_T2w.nii.gz")):
        image = nib.load(path)
        for session in ("ses-1", "ses-2"):
            data = rng.integers(0, 200, image.shape).astype(np.int16)  # what is 0 counts as fluid
            name = path.name.replace("_T2w", f"_{session}_T2w")
            target = path.parents[1] / session / "anat" / name
            target.parent.mkdir(parents=True)
            nib.save(nib.Nifti1Image(data, image.affine), target)
        path.unlink()
    shutil.rmtree(own_cohort / "derivatives")
    build_edition(own_cohort, tmp_path / "edition", EditionConfig(id="tiny", seed=11, hair_removal="given"))
    edition, key = open_edition(tmp_path / "edition"), open_sealed(tmp_path / "edition")
    folder = tmp_path / "defaced"
    about = {"team": "t", "system": "s", "description": "A test.", "contact": "a@b.org", "licence": "MIT"}
    write_submission_json(folder, edition=edition.name, track="defacing", **about)
    for split in edition.splits.values():
        for probe in split.probes:
            image = nib.load(split.scan(probe))
            data = np.asarray(image.dataobj).copy()
            data[6:9, 10:12, 10:12] = 0
            path = folder / split.name / "mri" / split.scan_name(probe)
            path.parent.mkdir(parents=True)
            nib.save(nib.Nifti1Image(data, image.affine), path)
    monkeypatch.setattr(utility, "analyse", fake)
    found, _ = measured(edition, key, check_submission(folder, edition), tmp_path / "cache")
    fluid: dict[str, list[float]] = {}
    for probe in edition.eval.probes:
        volume = fake(read_scan(edition.eval.scan(probe)), None).volumes_ml[2]
        fluid.setdefault(key.subjects[probe], []).append(volume)
    assert {len(two) for two in fluid.values()} == {2}
    spread = np.mean([2 * abs(one - other) / (one + other) for one, other in fluid.values()])
    assert found["csf_change_vs_rescan"].value == pytest.approx(found["csf_change"].value / spread)
    assert found["csf_change_vs_rescan"].n == len(fluid)
    assert "cnr_change_vs_rescan" not in found  # the two sessions do not differ in it


def test_a_broken_file_of_the_cache_is_told_as_such(
    tiny_edition: Edition,
    sealed: SealedKey,
    submission: Submission,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(utility, "analyse", fake)
    measured(tiny_edition, sealed, submission, tmp_path)
    for kept in tmp_path.glob("brain-*"):
        kept.write_bytes(kept.read_bytes()[:100])
    with pytest.raises(UserError, match="was kept from an earlier run and cannot be read; remove it"):
        measured(tiny_edition, sealed, submission, tmp_path)


@pytest.mark.parametrize("backend", ["sequential", pytest.param("loky", marks=pytest.mark.slow)])
def test_a_broken_registration_of_the_cache_is_told_as_such(
    backend: str, tiny_edition: Edition, sealed: SealedKey, submission: Submission, tmp_path: Path
) -> None:
    """By workers, too, which take what else goes wrong for the fault of a submitted scan."""
    for probe in tiny_edition.eval.probes:
        (tmp_path / f"{_key(read_scan(tiny_edition.eval.scan(probe)))}-lax.json").write_text("{")
    compute = Compute(backend, 1)
    with pytest.raises(UserError, match="was kept from an earlier run and cannot be read; remove it"):
        measure_utility(
            Context(tiny_edition, sealed, Protocol(bootstrap=50), tmp_path, compute), submission, None
        )


def test_air_is_far_where_no_head_is() -> None:
    data = np.zeros((64, 64, 64), np.float32)
    data[20:40, 20:40, 20:40] = 100
    far = far_from_head(Scan(data, np.diag([2.0, 2.0, 2.0, 1.0])))
    assert not far[20:40, 20:40, 20:40].any()
    assert not far[40:64, 20:40, 20:40].any()  # 48 mm
    assert far[58:, 58:, 58:].all()  # 62 mm and more
    assert not far_from_head(Scan(np.zeros((20, 20, 20)), np.eye(4))).any()


def brain_of(grey: float, points: float = 0.0, moved: float = 0.0, shape: tuple[int, ...] = (4, 4, 4)):
    """A brain of one grey and one white voxel, and fluid; its head lies so far from the average head."""
    labels = np.zeros(shape, np.uint8)
    labels[0, 0, :2] = 1, 2
    labels[1:3, 0, 0] = 3
    place = np.eye(4)
    place[0, 3] = moved
    volumes = np.array([grey, 400.0, 200.0])
    return BrainAnalysis(labels, volumes, place, np.full((2, 3), points), dict.fromkeys(QUALITY, 2.0))


def compared(
    original: BrainAnalysis | str, defaced: BrainAnalysis | str, monkeypatch: pytest.MonkeyPatch
) -> utility._Measured:
    """Compare two analyses; a text is why one failed."""

    def kept(path: Path, job: utility._BrainJob) -> BrainAnalysis:
        found = original if path == job.original else defaced
        if isinstance(found, str):
            raise BrainError(found)
        return found

    monkeypatch.setattr(utility, "_kept", kept)
    return utility._compare(utility._BrainJob(Path("original"), Path("defaced"), Path("cache"), "builtin"))


def test_brains_are_compared_by_volumes_voxels_and_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """The points are those of the original, 7 mm to a side, laid by both registrations, 5 mm apart."""
    before, after = brain_of(600, points=7, moved=2), brain_of(540, points=99, moved=5)
    after.labels[3, 3, :4] = 1  # 4 voxels and 4 more
    found = compared(before, after, monkeypatch)
    assert (found.original is before, found.fault) == (True, "")
    assert found.measures["gm_change"] == pytest.approx(-0.1)
    assert found.measures["wm_change"] == found.measures["csf_change"] == found.measures["failed"] == 0
    assert found.measures["displacement_mm"] == pytest.approx(3)
    assert found.measures["brain_dice"] == pytest.approx(2 * 4 / (4 + 8))
    quality = dict.fromkeys(QUALITY, 2.0) | {"cnr": 1.0}
    worse = compared(before, replace(before, quality=quality), monkeypatch)
    assert worse.measures["cnr_change"] == pytest.approx(-0.5)


def test_points_are_laid_as_the_original_has_them() -> None:
    found = utility._findings(brain_of(600, points=1, moved=2), brain_of(1, points=7))
    assert found.points_mm.tolist() == [[9, 7, 7]] * 2
    assert found.volumes_ml == (600, 400, 200)
    assert found.brain.sum() == 4


@pytest.mark.parametrize(
    ("original", "defaced", "known", "fault"),
    [
        ("no brain (1 ml)", None, False, "left out, for no brain is found in the original: no brain"),
        ("no brain (1 ml)", "lost", False, "left out, for no brain is found in the original: no brain"),
        (None, "0 ml; expected a brain", True, "analysis failed: 0 ml"),
        (None, "registered nowhere (1.01; 1.02)", True, "analysis failed: registered nowhere"),
        (None, "grid", True, "analysis failed: another grid"),
    ],
)
def test_a_scan_of_which_nothing_is_known_says_why_up_to_its_first_figure(
    original: str | None, defaced: str | None, known: bool, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = brain_of(600, shape=(4, 4, 5)) if defaced == "grid" else defaced or brain_of(600)
    found = compared(original or brain_of(600), other, monkeypatch)
    assert found.fault == fault
    assert (found.original is not None) == known
    assert (found.measures.get("failed"), found.measures.get("utility")) == (
        (1, 0) if known else (None, None)
    )


@pytest.mark.parametrize(("reanalysed", "count"), [(-1, 5), (0, 0), (1, 1), (4, 4), (5, 5), (9, 5)])
def test_as_many_scans_are_analysed_as_the_protocol_says(
    reanalysed: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below nothing is all; those of eval, by name. A scan that ended a worker fails."""
    probes = [f"p{i}" for i in (3, 1, 4, 0, 2)]
    asked: list[utility._BrainJob] = []

    def run(function: object, jobs: list[utility._BrainJob], label: str, compute: Compute) -> list[object]:
        asked.extend(jobs)
        found = [compared(brain_of(600), brain_of(600), monkeypatch) for _ in jobs]
        return [Lost("took too long"), *found[1:]]

    monkeypatch.setattr(utility, "run_untrusted", run)
    split = SimpleNamespace(probes=probes, scan=lambda name: Path("original"))
    context = SimpleNamespace(
        protocol=Protocol(bootstrap=50, reanalysed=reanalysed), cache=Path("cache"),
        edition=SimpleNamespace(eval=split), compute=Compute("sequential"),
        sealed=SimpleNamespace(subjects={name: name for name in probes}),
    )  # fmt: skip
    sent = SimpleNamespace(scans={("eval", name): Path(name) for name in probes})
    found, remarks = measure_utility(context, sent, None)  # type: ignore[arg-type]
    assert [job.defaced.name for job in asked] == sorted(probes)[:count]
    if not count:
        assert (found, remarks) == ({}, ["utility: not measured (protocol.reanalysed is 0)"])
    else:
        assert found["failed"].value == pytest.approx(1 / count)
        assert remarks == ["utility: analysis failed: took too long (1 scan: p0)"]


def test_originals_without_a_brain_are_no_part_of_any_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three one is left out; the gate takes the index of another, and nothing else of it."""
    found = [
        utility._Measured({}, None, "left out"),
        *(compared(brain_of(600), brain_of(grey), monkeypatch) for grey in (540, 480)),
    ]
    monkeypatch.setattr(utility, "run_untrusted", lambda *_: found)
    names = ["a", "b", "c"]
    context = SimpleNamespace(
        protocol=Protocol(bootstrap=50, reanalysed=-1), cache=Path("cache"), compute=Compute("sequential"),
        edition=SimpleNamespace(eval=SimpleNamespace(probes=names, scan=Path)),
        sealed=SimpleNamespace(subjects={name: name for name in names}),
    )  # fmt: skip
    sent = SimpleNamespace(scans={("eval", name): Path(name) for name in names})
    figures, remarks = measure_utility(context, sent, Gate(2, 3, 0, 0.1, failed=("b",)))  # type: ignore[arg-type]
    assert figures["gm_change"].value == pytest.approx(0.15)
    assert figures["utility"].value == pytest.approx(found[2].measures["utility"] / 2)
    assert figures["utility"].n == 2
    assert remarks == ["utility: left out (1 scan: a)"]
    monkeypatch.setattr(utility, "run_untrusted", lambda *_: [found[0]] * 3)
    assert measure_utility(context, sent, None) == ({}, ["utility: left out (3 scans: a, b, c)"])  # type: ignore[arg-type]
