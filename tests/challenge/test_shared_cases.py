"""Inputs that people really have, made by `shared/cases/make_cases.py`, and what its README asks for."""

import runpy
import shutil
from pathlib import Path

import pytest

from mriprivacy.baselines.alignment.presence import CANNOT_TELL, CUT, WHOLE, presence
from mriprivacy.baselines.face.scan import read_scan
from mriprivacy.challenge.cli import main
from mriprivacy.data_prep.formats.tables.tsv import read_table
from mriprivacy.scans.scan_file import ScanError
from tests.helpers.engine import ENGINE_WORDS
from tests.helpers.in_ci import needs

SCRIPT = Path(__file__).parents[3] / "shared" / "cases" / "make_cases.py"
pytestmark = [pytest.mark.long, needs(SCRIPT.is_file(), "no ../shared/cases beside the repository")]

# What `presence` says of a scan: one verdict for `inspect`, `build`, `qc`, gate and report.
SEEN = {
    "base": WHOLE,
    "offset_minus1024": WHOLE,
    "pad_minus9999": WHOLE,
    "units_metre": WHOLE,
    "units_micron": WHOLE,
    "sform_identity_qform_right": WHOLE,
    "chin_up_30": WHOLE,
    "cut_above_the_lip": CUT,
    "mp2rage_uni": CANNOT_TELL,
}
REFUSED = {
    "no_orientation.nii.gz": "orientation is unknown",
    "fourteen_slices.nii.gz": "expected at least 16 voxels along every axis",
    "gzip_without_gz.nii": "is gzip-compressed; rename it to end in .nii.gz",
    "pointer_of_lfs.nii.gz": "git lfs pull",
    "link_not_fetched.nii.gz": "datalad get link_not_fetched.nii.gz",
}
TABLES_READ = (
    *("crlf", "bom", "no_last_newline", "utf16", "only_id", "no_ethnicity", "age_45.0", "age_89plus"),
    *("age_band", "age_empty", "sex_Male", "sex_1", "sex_O", "gender_race_columns", "notes_with_quote"),
    *("notes_empty", "one_person_without_scan"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with `people` and `cases`, as the script's first lines say; not to be changed."""
    folder = tmp_path_factory.mktemp("shared")
    people = ["cohort.subjects=3", "cohort.scans.spacing_mm=2", "cohort.scans.contrasts=[T1w,T2w]", "seed=5"]
    assert main(["cohort", *people, f"output={folder / 'people'}", *ENGINE_WORDS]) == 0
    runpy.run_path(str(SCRIPT))["main"](folder / "people", folder / "cases")
    return folder


@pytest.fixture(scope="module")
def looked_at(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Registrations of the scans."""
    return tmp_path_factory.mktemp("cache")


def test_every_case_has_an_outcome_here(made: Path) -> None:
    scans = {path.name for path in (made / "cases" / "scans").iterdir()}
    tables = {path.stem for path in (made / "cases" / "tables").iterdir()}
    assert scans == {f"{name}.nii.gz" for name in SEEN} | set(REFUSED)
    assert tables == {*TABLES_READ, "twice"}


@pytest.mark.parametrize("name", SEEN)
def test_a_scan_that_can_be_read_has_one_verdict(name: str, made: Path, looked_at: Path) -> None:
    scan = read_scan(made / "cases" / "scans" / f"{name}.nii.gz")
    assert presence(scan, looked_at).verdict == SEEN[name]


@pytest.mark.parametrize("name", REFUSED)
def test_a_scan_that_cannot_is_refused_in_one_line(name: str, made: Path) -> None:
    with pytest.raises(ScanError, match=REFUSED[name]) as refused:
        read_scan(made / "cases" / "scans" / name)
    assert len(refused.value.problems) == 1


def test_attack_reads_what_can_be_read(
    made: Path, looked_at: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    for name in SEEN:
        shutil.copy(made / "cases" / "scans" / f"{name}.nii.gz", scans)
    words = [f"probes={scans}", f"photos={made / 'cases' / 'photos'}", f"output={tmp_path / 'out'}"]
    words += ["attack.spacing_mm=2", f"cache={looked_at}", *ENGINE_WORDS]
    assert main(["attack", *words]) == 0
    rows = read_table(tmp_path / "out" / "images.tsv", None).rows
    found = {row[0]: row[2] for row in rows}
    no_face = {name for name, face in found.items() if face == "no"}
    assert no_face == {"mp2rage_uni", "one_pixel"}
    verdicts = {row[0]: row[-1].partition(":")[0] for row in rows if row[1] == "probe"}
    assert verdicts == SEEN
    printed = capsys.readouterr().out
    assert "cut_above_the_lip.nii.gz: cut: mouth (beyond the field of view)" in printed
    assert "two_people.jpg: 2 faces; the largest is taken" in printed


@pytest.mark.parametrize("name", TABLES_READ)
def test_a_table_is_read_as_it_is(
    name: str, made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inspected(made, name, tmp_path)
    out = capsys.readouterr().out
    assert "3 people: 3 included" in out or "4 people: 3 included" in out


def test_a_table_that_names_a_person_twice_is_refused(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inspected(made, "twice", tmp_path, status=2)
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert "sub-0001" in error


def inspected(made: Path, table: str, folder: Path, status: int = 0) -> None:
    """Run `inspect` on the people with another participants.tsv."""
    people = folder / "people"
    people.mkdir()
    for path in (made / "people").iterdir():
        if path.name != "participants.tsv":
            (people / path.name).symlink_to(path)
    shutil.copy(made / "cases" / "tables" / f"{table}.tsv", people / "participants.tsv")
    words = [f"root={people}", "photos=none", f"output={folder / 'plan'}"]  # the table is what matters
    assert main(["inspect", *words, "contrast=T1w", "faces=false", *ENGINE_WORDS]) == status


def test_photographs_are_looked_at_before_they_are_taken(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, given = made / "cases" / "photos", tmp_path / "photos"
    given.mkdir()
    names = {"two_people.jpg": "sub-0001.jpg", "one_pixel.png": "sub-0002.png", "cmyk.jpg": "sub-0003.jpg"}
    for name, own in names.items():
        shutil.copy(photos / name, given / own)
    for name in ("Thumbs.db", "._cmyk.jpg"):
        shutil.copy(photos / name, given)
    words = [f"root={made / 'people'}", f"photos={given}", f"output={tmp_path / 'plan'}", "contrast=T1w"]
    assert main(["inspect", *words, "faces=false", *ENGINE_WORDS]) == 0
    out = capsys.readouterr().out
    assert "3 people: 2 included" in out
    assert "sub-0002.png: no face found" in out
    assert "sub-0001.jpg has several faces; write in faces which one" in out
    assert "Thumbs" not in out
    assert "._cmyk" not in out
    assert main(["build", f"plan={tmp_path / 'plan'}", f"output={tmp_path / 'edition'}"]) == 2
    assert "sub-0001.jpg" in capsys.readouterr().err
