"""Containers give the counts of the risk report: three hospitals' results, pooled, are the central result.

Every step is the containers' own, but scores (no attacker finds a face in noise) and features of images.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import yaml

from mriprivacy.challenge.attackers.features import Extraction, ImageFeatures
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import SealedKey, open_sealed
from mriprivacy.challenge.export import risk_counts as counting
from mriprivacy.challenge.export.grand_challenge import grand_challenge_run
from mriprivacy.challenge.export.grand_challenge.grand_challenge_run import JobPlaces, evaluate_input
from mriprivacy.challenge.export.medperf import medperf_run
from mriprivacy.challenge.export.medperf.parameters import metrics
from mriprivacy.challenge.export.reference_data import write_reference
from mriprivacy.challenge.export.risk_counts import write_release
from mriprivacy.challenge.intake.description import write_submission_json
from mriprivacy.challenge.risk import recipients
from mriprivacy.challenge.risk.control_rate import controlled_risk, of_several
from mriprivacy.challenge.risk.pooled import pooled
from mriprivacy.challenge.risk.scan_checks import CheckedScan
from mriprivacy.challenge.risk.shared_counts import read_shared
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from mriprivacy.scoring.errors import UserError
from tests.helpers.central_risk import central
from tests.helpers.tiny_cohort import write_tiny_cohort

SIZES = (10, 11, 10)
ABOUT = {"team": "t", "system": "s", "description": "d", "contact": "a@example.org", "licence": "MIT"}
Scores = dict[str, np.ndarray]


class Hospital:
    """An edition of noise, a defacing submission to it, and whose image is which by its bytes."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder, self.number, self.labels = folder, number, folder / "labels"
        people = write_tiny_cohort(folder / "people", SIZES[number])
        build_edition(people, self.labels, EditionConfig(id="tiny", seed=number, hair_removal="given"))
        edition, sealed = open_edition(self.labels), open_sealed(self.labels)
        self.people = sorted(set(sealed.subjects.values()))
        self.whose: dict[str, tuple[str, bool]] = {}
        self.predictions = folder / "predictions"
        write_submission_json(self.predictions, edition=edition.name, track="defacing", **ABOUT)
        for split in edition.splits.values():
            for photo in split.references:
                self._is_of(split.photo(photo, "raw"), sealed.subjects[photo])
            for scan in split.scans:
                original = nib.load(split.scan(scan))
                data = np.asarray(original.dataobj).copy()
                data[:, 20:] = 0
                defaced = self.predictions / split.name / "mri" / split.scan_name(scan)
                defaced.parent.mkdir(parents=True)
                nib.save(nib.Nifti1Image(data, original.affine), defaced)
                self._is_of(split.scan(scan), sealed.subjects[scan])
                self._is_of(defaced, sealed.subjects[scan], released=True)

    def _is_of(self, path: Path, person: str, released: bool = False) -> None:
        self.whose[digest(path)] = (person, released)

    def features(
        self, paths: dict[str, Path], kind: str, extraction: Extraction, *_: Any, untrusted: bool = False
    ) -> dict[str, ImageFeatures]:
        """The person's own; of defaced scans those of every third person alone, and of one attack."""
        found = {}
        for name, path in paths.items():
            person, released = self.whose[digest(path)]
            vectors = {}
            for attack in extraction.attacks:
                hidden = released and (self.people.index(person) % 3 or attack != "geo")
                own = noise(self.number, person, attack, *([digest(path), "hidden"] if hidden else []))
                vectors[attack] = own + 0.1 * noise(self.number, digest(path), attack)
            found[name] = ImageFeatures(True, "", vectors)
        return found


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def noise(*words: object) -> np.ndarray:
    seed = hashlib.sha256(repr(words).encode()).digest()
    return np.random.default_rng(list(seed)).normal(size=24)


@pytest.fixture(scope="module")
def hospitals(tmp_path_factory: pytest.TempPathFactory) -> list[Hospital]:
    return [Hospital(tmp_path_factory.mktemp("site"), number) for number in range(len(SIZES))]


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[tuple[np.ndarray, Scores]]:
    """Let containers run without scores, in this process; get every table of scores that risk makes."""
    kept: list[tuple[np.ndarray, Scores]] = []

    def single_out(scores: np.ndarray, names: Any, tried: Scores) -> Any:
        kept.append((scores, dict(tried)))
        return real(scores, names, tried)

    def unchecked(pairs: Any, *_: object) -> list[CheckedScan]:
        return [CheckedScan(pair.name, pair.subject, "x", "y") for pair in pairs]

    real = recipients.single_out
    monkeypatch.setattr(recipients, "single_out", single_out)
    monkeypatch.setattr("mriprivacy.challenge.risk.assessment.check_scans", unchecked)
    monkeypatch.setattr(counting, "Compute", lambda: Compute("sequential"))
    entry = SimpleNamespace(results=(), warnings=())
    for container in (medperf_run, grand_challenge_run):
        monkeypatch.setattr(container, "score", lambda *_: entry)
        monkeypatch.setattr(container, "platform_scores", lambda *_: {"auc": 0.5})
    return kept


def on_medperf(hospital: Hospital, folder: Path, monkeypatch: pytest.MonkeyPatch, **more: Any) -> Any:
    """Run the metrics container of a hospital, and return its results as MedPerf reads them."""
    monkeypatch.setattr("mriprivacy.challenge.risk.assessment.extract", hospital.features)
    folder.mkdir()
    asked = {"track": "defacing", "step": 0.1, "columns": "deciding", "risk_counts": True, **more}
    (folder / "parameters.yaml").write_text(json.dumps(asked))
    (folder / "local").mkdir()
    mounts = [hospital.predictions, hospital.labels, folder / "parameters.yaml", folder / "results.yaml"]
    assert medperf_run.main(["evaluate", *map(str, mounts), str(folder / "local")]) == 0
    return yaml.safe_load((folder / "results.yaml").read_text())


@pytest.mark.long
def test_counts_of_three_containers_pooled_are_the_central_result(
    hospitals: list[Hospital],
    scored: list[tuple[np.ndarray, Scores]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = []
    for hospital in hospitals:
        folder = tmp_path / str(hospital.number)
        results = on_medperf(hospital, folder, monkeypatch)
        assert set(results) == {"aggregates", "signatures", "warnings", "risk"}
        report = folder / "local" / medperf_run.REPORT
        assert results["risk"] == json.loads((report / "counts.json").read_text())
        assert (report / "report.pdf").is_file()
        assert not [person for person in hospital.people if person in (folder / "results.yaml").read_text()]
        paths.append(tmp_path / f"{hospital.number}.json")
        paths[-1].write_text(json.dumps({"id": 1, "results": results}))  # as `medperf result view` writes it
    found = pooled([read_shared(path) for path in paths])
    (photo,) = found.linkage
    assert (photo.key, photo.sites, photo.people) == ("photograph", 3, sum(SIZES))
    assert [point.gallery for point in photo.curve] == [2, 5]
    assert len(scored) == 2 * len(hospitals)  # after defacing, and before
    for point in photo.curve:
        tried = [
            controlled_risk(*central([own[name] for _, own in scored[::2]], point.gallery), photo.attackers)
            for name in scored[0][1]
        ]
        chosen = controlled_risk(*central([scores for scores, _ in scored[::2]], point.gallery))
        wanted = of_several(chosen, tried)
        assert point.risk.attack == pytest.approx(wanted.attack, abs=1e-12)
        assert point.risk.risk.value == pytest.approx(wanted.risk.value, abs=1e-12)
        assert point.risk.risk.low == pytest.approx(wanted.risk.low, abs=1e-9)
        assert point.risk.risk.high == pytest.approx(wanted.risk.high, abs=1e-9)
    # A third of the people is exposed, and before defacing all are: links lead to the right people.
    assert 0 < photo.headline.risk.risk.low < 1 / 3 < photo.headline.risk.risk.high < 0.8
    assert photo.before is not None
    assert photo.before.risk.risk.value > 0.9


def test_the_container_of_grand_challenge_counts_the_same(
    hospitals: list[Hospital],
    scored: list[tuple[np.ndarray, Scores]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = on_medperf(hospitals[0], tmp_path / "medperf", monkeypatch)["risk"]
    write_reference(hospitals[0].labels, "defacing", tmp_path / "truth")
    (tmp_path / "output").mkdir()
    places = JobPlaces("defacing", hospitals[0].predictions, tmp_path / "output", tmp_path / "truth")
    for wanted in (False, True):
        assert evaluate_input(replace(places, risk_counts=wanted)).status == 0
        metrics_json = json.loads((tmp_path / "output" / "metrics.json").read_text())
        assert ("risk" in metrics_json) is wanted
    rows = metrics_json["risk"].pop("rows")
    for one, other in zip(rows, here.pop("rows"), strict=True):
        assert one["chosen"]["right"] == pytest.approx(other["chosen"]["right"], abs=1e-9)
        assert list(one["tried"]) == list(other["tried"])
    assert metrics_json["risk"] == here


def test_without_the_word_nothing_is_counted(
    hospitals: list[Hospital], scored: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = on_medperf(hospitals[0], tmp_path / "run", monkeypatch, risk_counts=False)
    assert set(results) == {"aggregates", "signatures", "warnings"}
    assert not list((tmp_path / "run" / "local").iterdir())


def test_a_report_that_cannot_be_made_leaves_no_results_and_names_no_person_to_participants(
    hospitals: list[Hospital],
    scored: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hospital = hospitals[0]
    photo = next(iter(open_edition(hospital.labels).eval.references))
    person = open_sealed(hospital.labels).subjects[photo]
    reason = f"{person}_{photo}.png: cannot be read as an image"

    def failing(*_: object, **__: object) -> None:
        raise UserError(reason)

    monkeypatch.setattr("mriprivacy.challenge.risk.assessment.extract", failing)
    places = JobPlaces("defacing", hospital.predictions, tmp_path, hospital.labels, risk_counts=True)
    outcome = evaluate_input(places)
    assert outcome.status == 1
    assert not (tmp_path / "metrics.json").exists()
    *logs, shown = capsys.readouterr().err.splitlines()
    assert shown == outcome.line
    assert person not in shown
    assert reason in "\n".join(logs)  # for the organizers
    asked = {"track": "defacing", "step": 0.1, "columns": "deciding", "risk_counts": True}
    (tmp_path / "parameters.yaml").write_text(json.dumps(asked))
    (tmp_path / "results.yaml").touch()
    words = [hospital.predictions, hospital.labels, tmp_path / "parameters.yaml", tmp_path / "results.yaml"]
    assert medperf_run.main(["evaluate", *map(str, words)]) == 2
    assert reason in capsys.readouterr().err  # for the hospital
    assert not (tmp_path / "results.yaml").read_text()


@pytest.mark.parametrize("change", [{"risk_counts": "yes"}, {"risk_counts": True, "track": "attack"}])
def test_the_word_is_true_or_false_and_of_scans(change: Mapping[str, Any], tmp_path: Path) -> None:
    asked = {"track": "defacing", "step": 0.1, "columns": "deciding", **change}
    (tmp_path / "parameters.yaml").write_text(json.dumps(asked))
    with pytest.raises(UserError, match="risk_counts is"):
        metrics(tmp_path / "parameters.yaml")


def test_a_release_is_named_after_people_and_has_what_is_known_of_them(
    hospitals: list[Hospital], tmp_path: Path
) -> None:
    labels = hospitals[0].labels
    edition, sealed = open_edition(labels), open_sealed(labels)
    scans = {(s.name, one): s.scan(one) for s in edition.splits.values() for one in s.scans}
    places = write_release(edition, sealed, scans, tmp_path / "a")
    originals = sorted(path.name for path in places["original"].glob("*.nii.gz"))
    assert originals == [f"{person}_T2w.nii.gz" for person in hospitals[0].people]
    _, *rows = (places["original"] / "participants.tsv").read_text().splitlines()
    cohort = (hospitals[0].folder / "people" / "participants.tsv").read_text().splitlines()[1:]
    assert [row.split("\t")[:2] for row in rows] == [row.split("\t")[:2] for row in cohort]
    assert [float(row.split("\t")[2]) for row in rows] == [float(row.split("\t")[2]) for row in cohort]


def test_several_scans_of_a_person_are_sessions(hospitals: list[Hospital], tmp_path: Path) -> None:
    labels = hospitals[0].labels
    edition, sealed = open_edition(labels), open_sealed(labels)
    together = joined(edition, sealed, edition.eval.probes[:2])
    scans = {(s.name, one): s.scan(one) for s in edition.splits.values() for one in s.scans}
    places = write_release(edition, together, scans, tmp_path / "a")
    person = together.subjects[edition.eval.probes[0]]
    found = sorted(path.name for path in places["released"].glob(f"{person}_*"))
    assert found == [f"{person}_ses-1_T2w.nii.gz", f"{person}_ses-2_T2w.nii.gz"]


def joined(edition: Edition, sealed: SealedKey, probes: tuple[str, ...]) -> SealedKey:
    subjects = {**sealed.subjects, **dict.fromkeys(probes, sealed.subjects[probes[0]])}
    return replace(sealed, subjects=subjects)


def exported(edition: Path, output: Path, *words: str) -> int:
    return main(["export", f"edition={edition}", f"output={output}", "track=defacing", *words])


def test_exports_carry_the_word_and_refuse_it_where_it_gives_the_key_away(
    tiny_edition_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["target=medperf", "image=you/kit:1", "risk_counts=true"]
    assert exported(tiny_edition_folder, tmp_path / "medperf", *words) == 0
    assert "no number of bits holds" in capsys.readouterr().out
    assert metrics(tmp_path / "medperf" / "metrics" / "parameters.yaml").risk_counts
    config = yaml.safe_load((tmp_path / "medperf" / "metrics" / "container_config.yaml").read_text())
    assert config["tasks"]["evaluate"]["output_volumes"]["local_outputs_path"]["type"] == "directory"
    assert "local_outputs/risk" in (tmp_path / "medperf" / "README.md").read_text()
    shutil.rmtree(tmp_path / "medperf")
    words = ["target=grand_challenge", "risk_counts=true"]
    assert exported(tiny_edition_folder, tmp_path / "open", *words, "limits.open_key=true") == 0
    entry = json.loads((tmp_path / "open" / "Dockerfile").read_text().split("ENTRYPOINT ")[1])
    assert entry[-1] == grand_challenge_run.RISK_COUNTS
    capsys.readouterr()
    for wrong, line in (
        (words, "participants read metrics.json"),
        (["target=codabench", "risk_counts=true"], "expected target=medperf or grand_challenge"),
        (["target=medperf", "image=a", "risk_counts=true", "track=attack"], "track=attack; expected"),
    ):
        assert exported(tiny_edition_folder, tmp_path / "refused", *wrong) == 2
        assert line in capsys.readouterr().err
        assert not (tmp_path / "refused").exists()
