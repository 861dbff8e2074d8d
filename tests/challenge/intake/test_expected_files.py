"""What must be in a submission, and what may: folders made by hand, at the ends of what is accepted."""

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
    assert sum("extra" in problem for problem in problems) == 1


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
