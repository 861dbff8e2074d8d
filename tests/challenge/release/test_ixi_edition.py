"""From files like those of IXI to entries, on synthetic heads: no photographs, two contrasts, all tracks."""

import shutil
from pathlib import Path

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.leaderboard.standings import board
from mriprivacy.data_prep.formats.schema import SCORE_COLUMNS
from mriprivacy.data_prep.formats.tables.tsv import read_table
from mriprivacy.data_prep.synthetic.cohort_settings import PhotoSettings, ScanSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.dataset import write_person
from mriprivacy.data_prep.synthetic.people.person import draw_people

PEOPLE = 16
CODES = {"european": 1, "asian": 3, "african": 4}


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An edition of T1w probes and T2w references, and the cohort it came from."""
    root = tmp_path_factory.mktemp("ixi")
    scans = ScanSettings(contrasts=["T1w", "T2w"], spacing_mm=2.0, cut=0.0)
    cohort = SyntheticCohort(subjects=PEOPLE, seed=7, scans=scans, photos=PhotoSettings(pixels=200))
    rows = ["IXI_ID,SEX_ID,ETHNIC_ID,AGE"]
    for number, person in enumerate(draw_people(cohort), start=1):
        row = write_person(cohort, person, root / "heads")
        for contrast in ("T1", "T2"):
            source = next((root / "heads").rglob(f"{person.subject}_{contrast}w.nii.gz"))
            target = root / "ixi" / f"IXI{number:03d}-HH-{number:04d}-{contrast}.nii.gz"
            target.parent.mkdir(exist_ok=True)
            shutil.move(source, target)
        sex = {"M": 1, "F": 2}[row["sex"]]
        age = "" if number == 1 else row["age"]  # the age of the first one is not known
        rows.append(f"{number},{sex},{CODES[row['ethnicity']]},{age}")
    (root / "ixi" / "IXI.csv").write_text("\n".join(rows) + "\n")
    words = [
        "cohort",
        "cohort=ixi",
        f"cohort.root={root / 'ixi'}",
        f"cohort.table={root / 'ixi' / 'IXI.csv'}",
    ]
    assert main([*words, f"output={root / 'people'}"]) == 0
    words = ["build", f"cohort.root={root / 'people'}", "edition.contrast=T1w", "edition.references=T2w"]
    own = [
        "edition.id=ixi-like",
        "edition.version=1",
        "edition.licence=CC-BY-SA-3.0",
        "edition.citation=IXI",
        "edition.age_edges=[18,45]",
        f"seed={2**64}",
        f"output={root / 'edition'}",
    ]
    protocol = ["protocol.attacks=[deepface]", "protocol.spacing_mm=2", "protocol.reanalysed=1"]
    accepted = "accept_links=true"  # two scans of a session lie alike, and these people are said to be real
    assert main([*words, *own, *protocol, "protocol.bootstrap=100", accepted]) == 0
    return root / "edition"


def entry(edition: Path, words: list[str], system: str) -> Entry:
    """Let a command make a submission, check it with the public side alone, and evaluate it."""
    root = edition.parent
    made, cache = root / system, f"cache={root / 'cache'}"
    assert main([*words, f"edition={edition / 'public'}", f"output={made}", cache]) == 0
    assert main(["check", f"edition={edition / 'public'}", f"submission={made}"]) == 0
    where = [f"edition={edition}", f"submission={made}", f"output={root / 'entries'}"]
    assert main(["evaluate", *where, cache]) == 0
    (found,) = (one for one in read_entries(root / "entries") if one.system == system)
    return found


@pytest.mark.slow
def test_scans_are_linked_with_scans(edition: Path) -> None:
    words = ["attack", "attack=deepface", "attack.spacing_mm=2"]
    assert entry(edition, words, "deepface_raw").results[0].figures["auc"].value > 0.8


@pytest.mark.slow
def test_two_contrasts_of_one_person_are_nearer_than_any_two_people(edition: Path) -> None:
    output = edition.parent / "by_name"
    words = ["attack", "attack=deepface", "attack.spacing_mm=2", f"edition={edition / 'public'}"]
    assert main([*words, f"output={output}", f"cache={edition.parent / 'cache'}"]) == 0
    trials = open_sealed(edition).trials
    table = read_table(output / "scores.tsv", SCORE_COLUMNS)
    score = {(probe, reference): float(value) for probe, reference, value in table.rows}
    mated = [score[pair] for pair, trial in trials.items() if trial.mated]
    nonmated = [score[pair] for pair, trial in trials.items() if not trial.mated]
    print(f"farthest two scans of one {-min(mated):.2f}, nearest two people {-max(nonmated):.2f}")
    assert min(mated) > max(nonmated)


@pytest.mark.slow
def test_attributes_are_read_without_any_photograph(edition: Path) -> None:
    read = entry(edition, ["infer", "attack=deepface", "attack.spacing_mm=2"], "deepface_attributes")
    results = {result.name: result for result in read.results}
    assert set(results) == {"sex", "age_group", "ethnicity"}
    assert results["sex"].counts["probes"] == PEOPLE / 2
    assert results["age_group"].counts["probes"] + results["age_group"].counts["unknown"] == PEOPLE / 2


@pytest.mark.slow
def test_a_defacer_is_rated_with_one_side_defaced_and_with_both(edition: Path) -> None:
    """No true brain is known, as of real people: it is estimated, so that the gate is there all the same."""
    rated = entry(edition, ["deface", "defacer=voxelize"], "voxelize")
    found = {(r.name, r.level): r.figures["auc"] for r in rated.results if r.trial_list == "all"}
    one, both = found["deepface(Dlib)+raw", "ignorant"], found["deepface(Dlib)+defaced", "ignorant"]
    print(f"original with defaced {one}, defaced with defaced {both}")
    returned = entry(edition, ["deface", "defacer=identity"], "identity")
    scans = 2 * PEOPLE
    assert (rated.gate.passed, rated.gate.scans, rated.gate.estimated) == (scans, scans, scans)
    assert any("no true brain is sealed; it was estimated" in warning for warning in rated.warnings)
    assert returned.gate.unchanged == scans
    places = {place.entry.system: place for place in board([rated, returned]).places}
    assert rated.rated
    assert places["voxelize"].rank == 1
    assert places["identity"].rank is None
    root = edition.parent
    assert main(["rank", f"entries={root / 'entries'}", f"output={root / 'board'}", "site=false"]) == 0
    rows = (root / "board" / "LEADERBOARD.md").read_text().splitlines()
    assert any(row.startswith("| 1 |") and "/voxelize |" in row for row in rows)
    assert any(row.startswith("| - |") and "/identity |" in row for row in rows)
