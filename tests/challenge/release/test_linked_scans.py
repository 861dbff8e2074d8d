"""MRI-to-MRI editions: by how much files link scans, by place, size, air or the rear of the head."""

import json
import shutil
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry import Check
from mriprivacy.challenge.release.linked_scans import scan_link_checks
from mriprivacy.challenge.release.scan_cues import AIR, CUES, PLACE, REAR, SIZE
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from tests.helpers.build_words import SEED, TERMS
from tests.helpers.engine import ENGINE_WORDS

pytestmark = pytest.mark.long

SIDE, PEOPLE = 32, 24
CONFIG = EditionConfig(id="between", tracks=["attack"], contrast="T1w", references="T2w", seed=3)
MIDDLE = np.stack(np.meshgrid(*[np.arange(SIDE) - (SIDE - 1) / 2] * 3, indexing="ij"))


def one_scan(cue: str, person: np.random.Generator, scan: np.random.Generator) -> np.ndarray:
    """Return a ball in air with noise of the scan; what the cue looks at is the person's."""

    def whose(name: str) -> np.random.Generator:
        return person if cue == name else scan

    shift = np.zeros(3) if cue == REAR else whose(PLACE).uniform(-3, 3, 3)
    ball = np.sqrt(((MIDDLE - shift[:, None, None, None]) ** 2).sum(axis=0)) < 9
    data = np.where(ball, scan.integers(250, 350, MIDDLE.shape[1:]), scan.integers(0, 8, MIDDLE.shape[1:]))
    if cue == AIR:
        data += np.where(ball, 0, person.integers(0, 20))
    if cue == REAR:
        blocks = np.kron(person.integers(0, 300, (8, 3, 8)), np.ones((4, 4, 4), int))
        data[:, :12] += np.where(ball[:, :12], 5 * blocks, 0)
    if cue == SIZE:
        data = data // (1 + person.integers(0, 60))
    return data.astype(np.int16)


def write_cohort(root: Path, cue: str, synthetic: bool = True) -> Path:
    rows = ["participant_id\tsex\tage\tethnicity"]
    for number in range(PEOPLE):
        subject = f"sub-{number:02d}"
        rows.append(f"{subject}\t{'FM'[number % 2]}\t{20 + number}\tn/a")
        for which, contrast in enumerate(("T1w", "T2w")):
            person, scan = np.random.default_rng(number), np.random.default_rng([number, which, 99])
            path = root / subject / "anat" / f"{subject}_{contrast}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            nib.save(nib.Nifti1Image(one_scan(cue, person, scan), np.diag([7.0, 7, 7, 1])), path)
    (root / "participants.tsv").write_text("\n".join(rows) + "\n")
    about = {"Name": "balls", "BIDSVersion": "1.8.0", "Synthetic": synthetic}
    (root / "dataset_description.json").write_text(json.dumps(about))
    return root


def checks(root: Path, cue: str) -> dict[tuple[str, str], Check]:
    build_edition(write_cohort(root / "cohort", cue), root / "edition", CONFIG)
    edition, sealed = open_edition(root / "edition"), open_sealed(root / "edition")
    made = scan_link_checks(edition, sealed, Compute("sequential"))
    names = [(one, attack) for one in CUES for attack in ("nearest", "trained")]
    assert all(f"by {one} ({attack}," in c.question for (one, attack), c in zip(names, made, strict=True))
    return dict(zip(names, made, strict=True))


def test_scans_that_share_nothing_are_not_linked(tmp_path: Path) -> None:
    assert all(check.passed for check in checks(tmp_path, "nothing").values())


@pytest.mark.parametrize("cue", CUES)
def test_each_cue_is_found_when_it_is_planted(tmp_path: Path, cue: str) -> None:
    found = checks(tmp_path, cue)
    assert not found[cue, "nearest"].passed
    assert found[cue, "nearest"].value > 0.8
    assert found[cue, "trained"].value > 0.7


def test_edges_of_the_rear_follow_from_the_place_and_not_the_other_way_round(tmp_path: Path) -> None:
    moved, edged = checks(tmp_path / "place", PLACE), checks(tmp_path / "rear", REAR)
    assert not moved[REAR, "nearest"].passed
    assert edged[PLACE, "nearest"].passed
    assert edged[AIR, "nearest"].passed


def build_words(cohort: Path, output: Path) -> list[str]:
    contrasts = ["edition.contrast=T1w", "edition.references=T2w", "protocol.attacks=[deepface]"]
    contrasts.append("edition.tracks=[attack]")
    return ["build", f"cohort.root={cohort}", f"seed={SEED}", f"output={output}", *contrasts, *ENGINE_WORDS]


def test_build_warns_of_synthetic_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = build_words(write_cohort(tmp_path / "cohort", PLACE), tmp_path / "e")
    assert main(words) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("files do not link")]
    assert len(lines) == 2 * len(CUES)
    warned = [line for line in lines if line.endswith(", failed: files link scans")]
    assert any(f"{PLACE} (nearest" in line for line in warned)
    assert not any(AIR in line or SIZE in line for line in warned)


def test_build_refuses_real_people_unless_it_is_accepted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cohort = write_cohort(tmp_path / "cohort", PLACE, synthetic=False)
    words = [*build_words(cohort, tmp_path / "e"), "edition.id=clinic", *TERMS]
    assert main(words) == 2
    *failed, last = capsys.readouterr().err.splitlines()
    assert any(f"public: files do not link scans by {PLACE} (nearest" in line for line in failed)
    assert all(line.endswith(", failed") for line in failed)
    assert last.count("accept_links=true") == 1
    assert not (tmp_path / "e").exists()
    assert main([*words, "accept_links=true"]) == 0
    assert f"{PLACE} (nearest" in capsys.readouterr().out


def test_few_people_are_asked_too(tmp_path: Path) -> None:
    """By nearness alone: nothing can be trained on them, and only a strong link is beyond chance."""
    cohort = write_cohort(tmp_path / "cohort", PLACE)
    for number in range(8, PEOPLE):
        shutil.rmtree(cohort / f"sub-{number:02d}")
    table = cohort / "participants.tsv"
    table.write_text("".join(table.read_text().splitlines(keepends=True)[:9]))
    build_edition(cohort, tmp_path / "edition", CONFIG)
    edition, sealed = open_edition(tmp_path / "edition"), open_sealed(tmp_path / "edition")
    made = scan_link_checks(edition, sealed, Compute("sequential"))
    assert [check.question.count("nearest") for check in made] == [1] * len(CUES)
    assert made[0].value > 0.7
