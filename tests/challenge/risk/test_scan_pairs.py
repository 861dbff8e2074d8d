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


def test_what_a_program_puts_in_front_of_a_name_is_no_part_of_it(tmp_path: Path) -> None:
    before = touch(tmp_path / "a", *(f"anon_P{i}.nii" for i in range(2)), *(f"P{i}.nii" for i in range(4)))
    after = touch(tmp_path / "b", *(f"anon_P{i}.nii" for i in range(3)), "defaced-P3.nii", "P1.nii")
    found = pair_scans(before, after)
    pairs = {pair.released.name: pair.original.name for pair in found.pairs}
    own = ("anon_P0.nii", "anon_P1.nii", "P1.nii")
    assert pairs == {**{name: name for name in own}, "anon_P2.nii": "P2.nii", "defaced-P3.nii": "P3.nii"}


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("sub-01_ses-2_run-1_T2w.nii", ("sub-01", "ses-2", "run-1_T2w")),
        ("sub-01_rec-defaced_FLAIR.nii.gz", ("sub-01", "", "FLAIR")),
        ("P017.defaced.nii.gz", ("P017", "", "")),
        ("sub-01_T1w_pydeface.nii.gz", ("sub-01", "", "T1w")),
        ("sub-01_ses-2021-03-04_rec-norm_T1w.nii.gz", ("sub-01", "ses-2021-03-04", "rec-norm_T1w")),
        ("defaced.nii.gz", ("defaced", "", "")),
        ("Mu\u0308ller.nii.gz", ("M\u00fcller", "", "")),
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


def test_folders_of_people_with_equal_file_names_are_one_line(tmp_path: Path) -> None:
    before = touch(tmp_path / "a", *(f"P{i}/T1.nii.gz" for i in range(9)))
    with pytest.raises(UserError) as caught:
        pair_scans(before, touch(tmp_path / "b", *(f"P{i}/T1.nii.gz" for i in range(9))))
    assert len(caught.value.problems) == 2  # a folder, a line
    assert "8 scans have the subject, session and contrast of another" in caught.value.problems[0]
    assert "P1/T1.nii.gz and P0/T1.nii.gz" in caught.value.problems[0]


def test_released_scans_in_the_folder_of_the_originals_are_no_originals(tmp_path: Path) -> None:
    before = touch(tmp_path, *(f"P{i}.nii.gz" for i in range(5)))
    touch(tmp_path / "defaced", *(f"P{i}.nii.gz" for i in range(5)))
    found = pair_scans(before, tmp_path / "defaced")
    assert [pair.original.parent for pair in found.pairs] == [tmp_path] * 5
    assert found.withheld == ()


def test_originals_in_the_released_folder_are_refused(tmp_path: Path) -> None:
    said = problem(people(tmp_path / "b" / "sourcedata", 5), people(tmp_path / "b", 5))
    assert "the originals are part of the release" in said


def test_masks_and_other_folders_of_a_release_are_counted_and_no_scans(tmp_path: Path) -> None:
    after = people(tmp_path / "b", 5)
    touch(
        after, "sub-01/anat/sub-01_mod-T1w_defacemask.nii.gz", "sub-01/anat/sub-01_T1w_pydeface_mask.nii.gz"
    )
    touch(after, "sub-01/func/sub-01_bold.nii.gz")
    before = touch(people(tmp_path / "a", 5), "sub-01/func/sub-01_bold.nii.gz")
    assert pair_scans(before, after).passed_over == 3


def test_scans_whose_names_hold_no_subject_are_known(tmp_path: Path) -> None:
    names = [f"P{i}_{kind}.nii.gz" for i in range(4) for kind in ("T1", "T2")]
    found = pair_scans(touch(tmp_path / "a", *names), touch(tmp_path / "b", *names))
    assert len(found.subjects) == len(found.loose) == 8


def test_a_table_of_photographs_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a file; photos=DIR is a folder"):
        pair_photos(touch(tmp_path, "photos.tsv") / "photos.tsv", ["sub-01"])


def test_a_missing_folder_names_its_setting(tmp_path: Path) -> None:
    assert "released=DIR" in problem(people(tmp_path / "a", 5), tmp_path / "nowhere")


def test_photographs_belong_to_people_of_the_release(tmp_path: Path) -> None:
    touch(tmp_path, "sub-01.png", "sub-02_photo-1.jpg", "02.JPG", "raw/sub-03.png", "sub-99.png", "notes.txt")
    touch(tmp_path, "P 7_base_2.jpg", "sub-01.heic", "._sub-01.png")
    found = pair_photos(tmp_path, ["P 7_base", "sub-01", "sub-02", "sub-03"])
    assert {name: who for name, (who, _) in found.of_people.items()} == {
        "P 7_base_2.jpg": "P 7_base",
        "sub-01.png": "sub-01",
        "sub-02_photo-1.jpg": "sub-02",
        "02.JPG": "sub-02",
        "raw/sub-03.png": "sub-03",
    }
    assert found.left_out == ("sub-01.heic", "sub-99.png")


@pytest.mark.parametrize(("name", "said"), [("x.png", "1 photographs of other names"), ("x.txt", "no photo")])
def test_photographs_of_nobody_in_the_release(name: str, said: str, tmp_path: Path) -> None:
    touch(tmp_path, name)
    with pytest.raises(UserError, match=said):
        pair_photos(tmp_path, ["sub-01"])
