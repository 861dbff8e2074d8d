"""Tables of participants of each kind that public datasets have."""

import os
from pathlib import Path

import pytest

from mriprivacy.data_prep.cohorts.people_table import VALUES, PeopleTable, read_people
from mriprivacy.data_prep.cohorts.people_values import group_of
from mriprivacy.data_prep.formats.tables.tsv import TableError
from tests.helpers.in_ci import needs_extra

ROWS = [
    ["participant_id", "sex", "age", "ethnicity"],
    ["sub-0001", "M", "81", "african"],
    ["sub-0002", "F", "65", "european"],
    ["sub-0003", "F", "34", "asian"],
]


def text(rows: list[list[str]], newline: str = "\n") -> str:
    return newline.join("\t".join(row) for row in rows) + newline


def column(index: int, value: str) -> list[list[str]]:
    return [ROWS[0]] + [[value if i == index else cell for i, cell in enumerate(row)] for row in ROWS[1:]]


def with_notes(note: str) -> list[list[str]]:
    return [[*row, "notes" if row is ROWS[0] else note] for row in ROWS]


# As the script of the cases makes them: table, and what the first person is by it.
FIRST = ("M", "81", "african")
CASES = {
    "crlf": (text(ROWS, "\r\n").encode(), FIRST),
    "bom": (b"\xef\xbb\xbf" + text(ROWS).encode(), FIRST),
    "no_last_newline": (text(ROWS).rstrip().encode(), FIRST),
    "utf16": (text(ROWS).encode("utf-16"), FIRST),
    "only_id": (text([row[:1] for row in ROWS]).encode(), ("n/a", "n/a", "n/a")),
    "no_ethnicity": (text([row[:3] for row in ROWS]).encode(), ("M", "81", "n/a")),
    "age_45.0": (text(column(2, "45.0")).encode(), ("M", "45", "african")),
    "age_89plus": (text(column(2, "89+")).encode(), ("M", "89+", "african")),
    "age_band": (text(column(2, "40-44")).encode(), ("M", "40-44", "african")),
    "age_empty": (text(column(2, "")).encode(), ("M", "n/a", "african")),
    "sex_Male": (text(column(1, "Male")).encode(), FIRST),
    "sex_1": (text(column(1, "1")).encode(), FIRST),
    "sex_O": (text(column(1, "O")).encode(), ("O", "81", "african")),
    "gender_race_columns": (text([["participant_id", "gender", "age", "race"], *ROWS[1:]]).encode(), FIRST),
    "notes_with_quote": (text(with_notes('5" nail in foot')).encode(), FIRST),
    "notes_empty": (text(with_notes("")).encode(), FIRST),
    "one_person_without_scan": (text([*ROWS, ["sub-9999", "F", "30", "asian"]]).encode(), FIRST),
}


def read(folder: Path, content: bytes, sidecar: str = "") -> PeopleTable:
    (folder / "participants.tsv").write_bytes(content)
    if sidecar:
        (folder / "participants.json").write_text(sidecar)
    return read_people(folder / "participants.tsv")


def meant(table: PeopleTable, subject: str) -> tuple[str, ...]:
    return tuple(table.meaning[what].get(table.people[subject][what], "n/a") for what in VALUES)


@pytest.mark.parametrize("case", CASES)
def test_every_case_is_read(tmp_path: Path, case: str) -> None:
    content, first = CASES[case]
    table = read(tmp_path, content)
    assert meant(table, "sub-0001") == first
    assert len(table.people) == (4 if case == "one_person_without_scan" else 3)
    assert table.doubts == ()
    assert len(table.remarks) == {"sex_1": 1, "gender_race_columns": 2}.get(case, 0)


def test_somebody_in_two_lines_is_refused_with_both(tmp_path: Path) -> None:
    with pytest.raises(TableError) as caught:
        read(tmp_path, text([*ROWS, ROWS[1]]).encode())
    (line,) = caught.value.problems
    assert line.endswith("sub-0001 is in line 2 and in line 5; remove one of them")


def test_without_a_table_there_is_one_remark(tmp_path: Path) -> None:
    table = read_people(tmp_path / "participants.tsv")
    assert table.people == {}
    assert len(table.remarks) == 1


# Headers and a row of public datasets, made up anew: what sex, age and ethnicity are by them.
HEADERS = {
    "participant_id\tsex\tage_at_first_scan_years\tscans\nsub-1\tF\t29\t17": ("F", "29", "n/a"),
    "participant_id\tAge\tGender\tscore\nsub-1\t31.5\tm\t3": ("M", "31.5", "n/a"),
    "Subject_ID\tGender\tAge group\nsub-1\tfemale\t20-25": ("F", "20-25", "n/a"),
    "participant_id\tdominant_hand\r\nsub-1\tleft\r\n": ("n/a", "n/a", "n/a"),
    "participant_id\t\r\nsub-1\t": ("n/a", "n/a", "n/a"),
    "ID\tsex\tage\n1\tD\t> 89 years": ("O", "89+", "n/a"),
    "ID\tsex\tage\n1\tw\t045Y": ("F", "45", "n/a"),
    "participant_id;sex;age\nSUB-1;F;45,5": ("F", "45.5", "n/a"),
    "who\tsex\nsub-1\tM": ("M", "n/a", "n/a"),
    "participant_id\tEthnic Group\nsub-1\t Hispanic  or Latino ": ("n/a", "n/a", "hispanic or latino"),
}


@pytest.mark.parametrize("content", HEADERS)
def test_columns_are_known_by_their_meaning(tmp_path: Path, content: str) -> None:
    table = read(tmp_path, content.encode())
    assert meant(table, "sub-1") == HEADERS[content]


def test_a_dataset_says_what_its_codes_mean(tmp_path: Path) -> None:
    about = '{"sex": {"Levels": {"1": "female", "2": "male"}}, "age": {"Units": "months"}}'
    table = read(tmp_path, b"participant_id\tsex\tage\nsub-1\t1\t540\n", about)
    assert meant(table, "sub-1") == ("F", "45", "n/a")
    table = read(tmp_path, b"participant_id\tsex\tage\nsub-1\t2\t96\n", about)
    assert meant(table, "sub-1") == ("M", "8", "n/a")
    assert table.remarks == ()


@pytest.mark.parametrize("cells", [("1.0", "2.0"), ("1", "2"), ("1.00", "2.00")])
def test_codes_with_a_point_and_a_zero_are_the_codes(tmp_path: Path, cells: tuple[str, str]) -> None:
    """Programs write 1 as 1.0 as soon as one cell of a column is empty."""
    content = f"participant_id\tsex\nsub-1\t{cells[0]}\nsub-2\t{cells[1]}\nsub-3\t\n".encode()
    about = '{"sex": {"Levels": {"1": "female", "2": "male"}}}'
    table = read(tmp_path, content, about)
    assert [meant(table, f"sub-{n}")[0] for n in (1, 2)] == ["F", "M"]
    assert table.remarks == ()
    (tmp_path / "participants.json").unlink()
    table = read(tmp_path, content)
    assert [meant(table, f"sub-{n}")[0] for n in (1, 2)] == ["M", "F"]
    assert any("taken as ISO/IEC 5218" in remark for remark in table.remarks)


def test_codes_of_ethnicity_are_explained_and_words_stay(tmp_path: Path) -> None:
    about = '{"race": {"Levels": {"1": "Black", "asian": "of Asian descent, by self-report"}}}'
    table = read(tmp_path, b"participant_id\trace\nsub-1\t1\nsub-2\tAsian\nsub-3\tasian\n", about)
    assert [meant(table, f"sub-{n}")[2] for n in (1, 2, 3)] == ["black", "asian", "asian"]


def test_what_is_not_understood_is_named_with_its_line(tmp_path: Path) -> None:
    table = read(tmp_path, b"participant_id\tsex\tage\nsub-1\tred\told\nsub-2\tF\t30\nsub_3!\tF\t30\n")
    assert [line.partition(": ")[2] for line in table.doubts] == [
        "participant_id is not sub- and letters or digits: line 4 'sub_3!'",
        "sex is not understood: line 2 'red'",
        "age is not understood: line 2 'old'",
    ]
    assert meant(table, "sub-1") == ("n/a", "n/a", "n/a")


def test_animals_are_left_out(tmp_path: Path) -> None:
    table = read(tmp_path, b"participant_id\tspecies\nsub-1\tmus musculus\nsub-2\tHomo sapiens\nsub-3\t\n")
    assert table.left_out == {"sub-1": "species is mus musculus"}


@pytest.mark.parametrize("age", ["90", "93.5", "120", "89+", "90+", "95+"])
def test_nobody_over_89_has_an_age_or_a_group_of_few(age: str) -> None:
    assert group_of(age, [18, 60, 95]) == ("60-94", None)


def test_a_band_within_a_group_is_of_it() -> None:
    assert group_of("40-44", [18, 30, 45]) == ("30-44", None)
    assert group_of("40-45", [18, 30, 45]) == ("n/a", None)


@needs_extra("BIDS_EXAMPLES" in os.environ, "BIDS_EXAMPLES names no clone of bids-examples")
def test_every_table_of_bids_examples_is_read() -> None:
    tables = sorted(Path(os.environ["BIDS_EXAMPLES"]).rglob("participants.tsv"))
    assert len(tables) > 50
    for path in tables:
        table = read_people(path)
        assert table.people, path
        assert table.doubts == (), path
        assert len({line.split(" is taken")[0] for line in table.remarks}) == len(table.remarks)
