"""What must be in a submission, and what may: folders made by hand, at the ends of what is accepted."""

import hashlib
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from mriprivacy.challenge.intake import expected_files
from mriprivacy.challenge.intake.expected_files import (
    NEVER_READ,
    TOLERATED,
    bounded_digest,
    largest_table,
    match_files,
    most_rows,
    outer_folder,
    tables,
)

NEEDED = ("submission.json", "eval/mri/a/anat/a_T1w.nii.gz")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NEEDED:
        (tmp_path / "sent" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sent" / name).write_bytes(b"x")
    return tmp_path / "sent"


def test_all_that_is_needed_is_found(folder: Path) -> None:
    assert match_files(folder, NEEDED) == (set(NEEDED), [])
    (folder / NEEDED[1]).unlink()
    present, problems = match_files(folder, NEEDED)
    assert present == {NEEDED[0]}
    assert len(problems) == 1
    assert "lacks files" in problems[0]
    assert NEEDED[1] in problems[0]


@pytest.mark.parametrize("name", [NEVER_READ[0], f"eval/mri/{TOLERATED[0]}"])
@pytest.mark.parametrize(("more", "accepted"), [(0, True), (1, False)])
def test_what_is_never_read_may_be_there_up_to_a_size(
    name: str, more: int, accepted: bool, folder: Path
) -> None:
    (folder / name).write_bytes(bytes(expected_files._LARGEST_COMPANION + more))
    present, problems = match_files(folder, NEEDED)
    assert present == set(NEEDED)
    assert len(problems) == (not accepted)
    assert all(name in problem for problem in problems)


@pytest.mark.parametrize("name", ["other.txt", "eval/other.txt", f"eval/mri/a/{TOLERATED[0]}", "more/x.txt"])
def test_what_does_not_belong_there_is_named_once(name: str, folder: Path) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"x")
    _, problems = match_files(folder, NEEDED)
    (problem,) = problems
    assert ("more" if name.startswith("more") else name) in problem
    assert "more/x.txt" not in problem


def test_links_are_named_and_not_followed(folder: Path) -> None:
    target = folder / NEEDED[1]
    target.rename(folder.parent / "elsewhere")
    target.symlink_to(folder.parent / "elsewhere")
    present, problems = match_files(folder, NEEDED)
    assert present == {NEEDED[0]}
    assert any(NEEDED[1] in problem and "link" in problem for problem in problems)
    _, problems = match_files(folder, NEEDED, left_out=["extra/a", "extra/b"], links=["b/c"])
    assert problems[:2] == [
        "the submission: has links; expected plain files and folders (2 in all): "
        "'b', 'eval/mri/a/anat/a_T1w.nii.gz'",
        "the submission: has files or folders that do not belong there; remove them: 'extra'",
    ]


@pytest.mark.parametrize("count", [2, 3])
def test_a_folder_has_so_many_entries(count: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of the top, and those that are more."""
    monkeypatch.setattr(expected_files, "_MOST_ENTRIES", 2)
    if count == 3:
        (folder / NEVER_READ[0]).touch()
    _, problems = match_files(folder, NEEDED)
    assert any("more than 2 entries" in problem for problem in problems) == (count == 3)


def test_tables_are_of_the_trials_and_some_rows_more() -> None:
    few, many = [("a", "b")] * 5, [("a", "b")] * 9
    for trials, strangers in ((few, many), (many, few)):
        edition = SimpleNamespace(eval=SimpleNamespace(trials=trials, distractor_trials=strangers))
        rows = most_rows(edition)  # type: ignore[arg-type]
        assert rows == 9 + expected_files._SPARE_ROWS
        assert largest_table(edition) == (rows + 1) * expected_files._LONGEST_ROW  # type: ignore[arg-type]
        assert len(tables(edition, "attack")) == 2  # type: ignore[arg-type]
        assert len(tables(edition, "attributes")) == 1  # type: ignore[arg-type]
        assert tables(edition, "defacing") == []  # type: ignore[arg-type]
    alone = SimpleNamespace(eval=SimpleNamespace(trials=few, distractor_trials=[]))
    assert len(tables(alone, "attack")) == 1  # type: ignore[arg-type]


def test_a_submission_in_one_folder_is_found_there(folder: Path) -> None:
    top = folder.parent
    assert outer_folder(folder) is None
    assert outer_folder(top) == "sent"
    assert outer_folder(top / "none") is None
    empty = top / "empty"
    empty.mkdir()
    assert outer_folder(empty) is None
    assert outer_folder(empty, ["x/submission.json", "x/y/submission.json"]) == "x"
    assert outer_folder(empty, ["x/submission.json", "y/submission.json"]) is None
    (top / "second").mkdir()
    (top / "second" / "submission.json").touch()
    assert outer_folder(top) is None


def test_a_digest_is_of_names_sizes_and_beginnings(folder: Path) -> None:
    path = folder / "large"
    most = expected_files._LARGEST_COMPANION
    path.write_bytes(bytes(most) + b"a")
    before = bounded_digest(folder)
    path.write_bytes(bytes(most) + b"b")
    assert bounded_digest(folder) == before
    path.write_bytes(bytes(most) + b"ab")
    longer = bounded_digest(folder)
    assert longer != before
    path.rename(folder / "larger")
    assert bounded_digest(folder) != longer
    path.write_bytes(bytes(most - 1) + b"c")
    assert bounded_digest(folder) not in (before, longer)


def test_of_names_in_a_zip_that_is_told_at_which_they_leave_the_list(folder: Path) -> None:
    """The rest says nothing new; a name that goes up, or begins at the root, stands as it is."""
    left_out = ["eval/x/y", "eval/mri/a/more/z", "eval/", "../x", "/etc/x", "eval/./x", "other/"]
    assert match_files(folder, NEEDED, left_out) == (
        set(NEEDED),
        [
            "the submission: has files or folders that do not belong there; remove them (7 in all): "
            "'../x', '/etc/x', 'eval/', 'eval/./x', 'eval/mri/a/more', ..."
        ],
    )


def test_what_is_asked_for_may_be_large_and_is_a_file(folder: Path) -> None:
    """A table is bounded where it is read, a scan by its header."""
    (folder / NEEDED[1]).write_bytes(bytes(expected_files._LARGEST_COMPANION + 1))
    assert match_files(folder, NEEDED) == (set(NEEDED), [])
    (folder / NEEDED[1]).unlink()
    (folder / NEEDED[1]).mkdir()
    assert match_files(folder, NEEDED) == (
        {NEEDED[0]},
        [
            "the submission: has files or folders that do not belong there; remove them: "
            "'eval/mri/a/anat/a_T1w.nii.gz'",
            "the submission: lacks files: eval/mri/a/anat/a_T1w.nii.gz",
        ],
    )


def test_a_file_in_the_place_of_a_folder_does_not_belong_there(tmp_path: Path) -> None:
    (tmp_path / "submission.json").touch()
    (tmp_path / "eval").touch()
    assert match_files(tmp_path, NEEDED)[1] == [
        "the submission: has files or folders that do not belong there; remove them: 'eval'",
        "the submission: lacks files: eval/mri/a/anat/a_T1w.nii.gz",
    ]


@pytest.mark.parametrize(("place", "tolerated"), [("eval/mri", True), ("eval", False), ("eval/mri/a", False)])
def test_companions_stand_beside_the_people(place: str, tolerated: bool, folder: Path) -> None:
    """In the first two folders of a path of three parts or more, and nowhere else."""
    (folder / place / "CHANGES").touch()
    _, problems = match_files(folder, NEEDED)
    expected = "the submission: has files or folders that do not belong there; remove them: "
    assert problems == ([] if tolerated else [f"{expected}'{place}/CHANGES'"])


def test_a_path_of_three_parts_has_companions_too(tmp_path: Path) -> None:
    (tmp_path / "eval" / "mri").mkdir(parents=True)
    for name in ("a.nii.gz", "CHANGES"):
        (tmp_path / "eval" / "mri" / name).touch()
    assert match_files(tmp_path, ["eval/mri/a.nii.gz"]) == ({"eval/mri/a.nii.gz"}, [])


def test_a_folder_that_cannot_be_read_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(expected_files.os, "scandir", closed)
    assert match_files(folder, NEEDED)[1] == [
        "the submission: has a folder that cannot be read (Permission denied): ''",
        "the submission: lacks files (2 in all): submission.json, eval/mri/a/anat/a_T1w.nii.gz",
    ]


def test_an_outer_folder_is_one_with_a_description_and_no_link(folder: Path, tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "empty").mkdir(parents=True)
    (top / "file").touch()
    (top / "link").symlink_to(folder)
    assert outer_folder(top) is None
    (top / "mine").mkdir()
    (top / "mine" / "submission.json").touch()
    assert outer_folder(top) == "mine"
    empty = top / "empty"
    assert outer_folder(empty, ["x/scores.tsv"]) is None
    assert outer_folder(empty, ["x/submission.json/y"]) is None
    assert outer_folder(empty, ["xsubmission.json"]) is None
    assert outer_folder(top, ["x/submission.json"]) is None  # and mine
    assert outer_folder(top, ["mine/submission.json"]) == "mine"
    (top / "submission.json").touch()
    assert outer_folder(top, ["mine/submission.json"]) is None


def test_a_digest_is_of_plain_files_and_so_many_of_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = bounded_digest(folder)
    (folder.parent / "outside").write_bytes(b"x")
    (folder / "link").symlink_to(folder.parent / "outside")
    os.mkfifo(folder / "pipe")
    assert bounded_digest(folder) == before
    (folder / "link").unlink()
    (folder / "pipe").unlink()
    (folder / "plain").write_bytes(b"x")
    assert bounded_digest(folder) != before
    for most, noticed in ((2, False), (3, True)):
        monkeypatch.setattr(expected_files, "_MOST_NAMED", most)
        (folder / "eval" / "mri" / "a" / "anat" / NEEDED[1].rpartition("/")[2]).write_bytes(b"x")
        one = bounded_digest(folder)
        (folder / "eval" / "mri" / "a" / "anat" / NEEDED[1].rpartition("/")[2]).write_bytes(b"y")
        assert (bounded_digest(folder) != one) == noticed


def test_a_digest_is_over_names_sizes_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"xy")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c").write_bytes(b"")
    assert bounded_digest(tmp_path) == hashlib.sha256(b"a\x002\0xyb/c\x000\0").hexdigest()
