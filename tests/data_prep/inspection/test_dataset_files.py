"""Files of a dataset as it is: whose they are, which of several is taken, what is passed over."""

from pathlib import Path

import pytest

from mriprivacy.data_prep.inspection.dataset_files import find_dataset, find_portraits


def touch(root: Path, *names: str, content: bytes = b"") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def test_names_say_session_run_and_contrast(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "sub-1/anat/sub-1_T1w.nii.gz",
        "sub-1/ses-a/anat/sub-1_ses-a_acq-x_run-02_FLAIR.nii",
        "sub-1/ses-a/anat/sub-1_ses-a_acq-x_run-1_FLAIR.nii",
        "sub-1/anat/sub-1_inv-1_MP2RAGE.nii.gz",
        "sub-1/anat/sub-1_UNIT1.nii.gz",
        "sub-1/anat/sub-1_part-phase_T2w.nii.gz",
        "sub-1/func/sub-1_bold.nii.gz",
        "derivatives/x/sub-1/anat/sub-1_T1w.nii.gz",
    )
    found = find_dataset(tmp_path)
    assert [
        (one.session, one.entities, one.contrast) for one in sorted(found.scans, key=lambda s: s.order)
    ] == [
        ("", (), "T1w"),
        ("", (), "UNIT1"),
        ("ses-a", ("acq-x", "run-1"), "FLAIR"),
        ("ses-a", ("acq-x", "run-02"), "FLAIR"),
    ]
    assert found.remarks == ()


def test_a_defaced_scan_is_taken_last(tmp_path: Path) -> None:
    anat = "sub-1/anat/sub-1"
    touch(tmp_path, f"{anat}_rec-defaced_T1w.nii", f"{anat}_acq-a_rec-norm_run-2_T1w.nii")
    first = min(find_dataset(tmp_path).scans, key=lambda scan: scan.order)
    assert "rec-norm" in first.entities


@pytest.mark.parametrize(
    "pattern", ["sub-2/", "sub-2/anat/*", "**/sub-2_T1w.nii.gz", "*_T1w.nii.gz\n!x", "/sub-2"]
)
def test_bidsignore_is_obeyed(tmp_path: Path, pattern: str) -> None:
    touch(tmp_path, "sub-1/anat/sub-1_T2w.nii.gz", "sub-2/anat/sub-2_T1w.nii.gz")
    (tmp_path / ".bidsignore").write_bytes(f"# comment\r\n{pattern}\r\n".encode())
    assert [scan.subject for scan in find_dataset(tmp_path).scans] == ["sub-1"]


def test_what_systems_leave_is_passed_over_and_odd_names_are_said(tmp_path: Path) -> None:
    touch(
        tmp_path,
        *(
            "sub-1/anat/._sub-1_T1w.nii.gz",
            "sub-1/anat/.DS_Store",
            "sub-1/Thumbs.db",
            "sub-1/anat/sub-1_T1w.nii",
        ),
        *("sub-1_old/anat/sub-1_T1w.nii", "sub-2/anat/sub-1_T1w.nii"),
    )
    found = find_dataset(tmp_path)
    assert [scan.path.name for scan in found.scans] == ["sub-1_T1w.nii"]
    assert len(found.remarks) == 2


PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.mark.parametrize(
    "name",
    [
        "sub-01.png",
        "01.PNG",
        "SUB-01_front.jfif",
        "sub01.jpg",
        "01/front.png",
        "sub-01/ses-1/x.png",
        "01 (1).png",
    ],
)
def test_a_photograph_is_known_by_its_name_or_its_folder(tmp_path: Path, name: str) -> None:
    touch(tmp_path, name, content=PNG)
    assert find_portraits(tmp_path, ["sub-01", "sub-02"]).of == {"sub-01": (tmp_path / name,)}


def test_the_first_picture_of_one_person_is_none_of_the_first_person(tmp_path: Path) -> None:
    """A folder a person, numbered pictures: the explicit `sub-` decides."""
    names = [f"sub-0{person}/0{number}.png" for person in (1, 2) for number in (1, 2)]
    touch(tmp_path, *names, content=PNG)
    found = find_portraits(tmp_path, ["sub-01", "sub-02"])
    assert found.remarks == ()
    for person in ("sub-01", "sub-02"):
        assert found.of[person] == tuple(tmp_path / person / f"0{n}.png" for n in (1, 2))


@pytest.mark.parametrize("name", ["02/01.png", "sub-02/sub-01.png", "sub-02/sub-01_front.png"])
def test_a_name_and_a_folder_of_two_people_leave_the_photograph_out(tmp_path: Path, name: str) -> None:
    touch(tmp_path, name, content=PNG)
    found = find_portraits(tmp_path, ["sub-01", "sub-02"])
    assert found.of == {}
    assert f"whose name and folder are of several subjects; left out: {name}" in found.remarks[0]


@pytest.mark.parametrize("name", ["1.png", "front.png", "sub-011.png", "IMG_01.png"])
def test_a_photograph_is_not_guessed_to_be_of_somebody(tmp_path: Path, name: str) -> None:
    touch(tmp_path, name, content=PNG)
    found = find_portraits(tmp_path, ["sub-01", "sub-02"])
    assert found.of == {}
    assert found.remarks[0].endswith(f"belong to no subject of the dataset; left out: {name}")


def test_other_files_are_named_by_kind_and_system_files_are_not(tmp_path: Path) -> None:
    touch(tmp_path, "Thumbs.db", "._01.png", ".DS_Store", "__MACOSX/01.png", "desktop.ini")
    touch(tmp_path, "01.heic", content=b"\0\0\0\x18ftypheic")
    touch(tmp_path, "01.txt", "02.jpg", content=b"no picture")
    (tmp_path / "03.jpg").symlink_to("../.git/annex/objects/x")
    found = find_portraits(tmp_path, ["sub-01"])
    assert found.of == {}
    assert len(found.remarks) == 3
    assert "HEIC" in " ".join(found.remarks)
    assert "datalad get" in " ".join(found.remarks)
