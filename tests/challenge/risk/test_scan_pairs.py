"""Scans are paired by what their names say, in BIDS or not; what does not fit is an error in one line."""

from pathlib import Path

import pytest

from mriprivacy.challenge.risk.scan_pairs import name_parts, pair_photos, pair_scans
from mriprivacy.scoring.errors import UserError


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def people(root: Path, n: int, ending: str = "_T1w.nii.gz") -> Path:
    return touch(root, *(f"sub-{i:02d}/anat/sub-{i:02d}{ending}" for i in range(1, n + 1)))


def test_bids_against_loose_files_of_another_program(tmp_path: Path) -> None:
    before = people(tmp_path / "a", 5)
    after = touch(tmp_path / "b", *(f"sub-{i:02d}_T1w_defaced.nii.gz" for i in range(1, 5)))
    found = pair_scans(before, after)
    assert [pair.name for pair in found.pairs] == [f"sub-{i:02d}_T1w" for i in range(1, 5)]
    assert found.pairs[0].released.name == "sub-01_T1w_defaced.nii.gz"
    assert found.withheld == ("sub-05_T1w",)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("sub-01_ses-2_run-1_T2w.nii", ("sub-01", "ses-2", "run-1_T2w")),
        ("sub-01_rec-defaced_FLAIR.nii.gz", ("sub-01", "", "FLAIR")),
        ("P017.defaced.nii.gz", ("P017", "", "")),
        ("sub-01.nii.gz", ("sub-01", "", "")),
    ],
)
def test_names(name: str, parts: tuple[str, str, str]) -> None:
    assert name_parts(Path(name)) == parts


def problem(before: Path, after: Path) -> str:
    with pytest.raises(UserError) as caught:
        pair_scans(before, after)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


def test_a_released_scan_without_an_original(tmp_path: Path) -> None:
    said = problem(people(tmp_path / "a", 5), people(tmp_path / "b", 7))
    assert "2 of 7 released scans have no original" in said
    assert "sub-06_T1w.nii.gz, sub-07_T1w.nii.gz" in said


def test_no_pair_at_all(tmp_path: Path) -> None:
    said = problem(people(tmp_path / "a", 5), people(tmp_path / "b", 5, "_T2w.nii.gz"))
    assert "5 of 5 released scans have no original" in said


def test_one_person(tmp_path: Path) -> None:
    said = problem(people(tmp_path / "a", 1), people(tmp_path / "b", 1))
    assert "1 person; a risk needs at least 4" in said
    assert "mriprivacy qc" in said


def test_one_folder_for_both(tmp_path: Path) -> None:
    assert "are one folder" in problem(people(tmp_path, 5), tmp_path)


def test_two_scans_of_one_name(tmp_path: Path) -> None:
    before = touch(people(tmp_path / "a", 5), "sub-01/anat/sub-01_T1w.nii")
    assert "expected one scan of each" in problem(before, people(tmp_path / "b", 5))


def test_a_missing_folder_names_its_setting(tmp_path: Path) -> None:
    assert "released=DIR" in problem(people(tmp_path / "a", 5), tmp_path / "nowhere")


def test_photographs_belong_to_people_of_the_release(tmp_path: Path) -> None:
    touch(tmp_path, "sub-01.png", "sub-02_photo-1.jpg", "02.JPG", "raw/sub-03.png", "sub-99.png", "notes.txt")
    found = pair_photos(tmp_path, ["sub-01", "sub-02", "sub-03"])
    assert {name: who for name, (who, _) in found.items()} == {
        "sub-01.png": "sub-01",
        "sub-02_photo-1.jpg": "sub-02",
        "02.JPG": "sub-02",
        "raw/sub-03.png": "sub-03",
    }


@pytest.mark.parametrize(("name", "said"), [("x.png", "1 photographs of other names"), ("x.txt", "no photo")])
def test_photographs_of_nobody_in_the_release(name: str, said: str, tmp_path: Path) -> None:
    touch(tmp_path, name)
    with pytest.raises(UserError, match=said):
        pair_photos(tmp_path, ["sub-01"])
