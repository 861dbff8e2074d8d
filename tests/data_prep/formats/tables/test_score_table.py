"""Labelled tables from outside: every fault is one line with file, line and column; words of other fields."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mriprivacy.data_prep.formats.tables.score_table import read_scores
from mriprivacy.scoring.errors import UserError

GOOD = (
    "probe\treference\tscore\tlabel\na\ta\t2\tmated\na\tb\t1\tnon-mated\nb\tb\t3\tmated\nb\ta\t0\tnon-mated\n"
)


def written(folder: Path, text: str | bytes, name: str = "s.tsv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_columns_in_any_order_and_others_are_passed_over(tmp_path: Path) -> None:
    text = "score,system,label,reference,probe\n2,x,mated,a,a\n1,,non-mated,b,a\n"
    table = read_scores(written(tmp_path, text))
    assert (table.probe, table.reference) == (("a", "a"), ("a", "b"))
    assert table.score.tolist() == [2, 1]
    assert table.mated.tolist() == [True, False]


@pytest.mark.parametrize(
    ("yes", "no"), [("target", "nontarget"), ("Genuine", "IMPOSTOR"), ("1", "0"), ("true", "false")]
)
@pytest.mark.parametrize("column", ["label", "mated"])
def test_labels_of_other_fields(tmp_path: Path, yes: str, no: str, column: str) -> None:
    text = f"probe,reference,score,{column}\r\na,a,2,{yes}\r\na,b,1,{no}\r\n"
    assert read_scores(written(tmp_path, b"\xef\xbb\xbf" + text.encode())).mated.tolist() == [True, False]


def test_distances_turn_round(tmp_path: Path) -> None:
    assert read_scores(written(tmp_path, GOOD), distances=True).score.tolist() == [-2, -1, -3, 0]


def test_mated_trials_join_ids_into_people(tmp_path: Path) -> None:
    rows = [
        ("s1", "p1", 1),
        ("s2", "p1", 1),
        ("s3", "p2", 1),
        ("s1", "p2", 0),
        ("s2", "p2", 0),
        ("s3", "p1", 0),
    ]
    text = "probe\treference\tscore\tlabel\n" + "".join(f"{a}\t{b}\t0\t{y}\n" for a, b, y in rows)
    table = read_scores(written(tmp_path, text))
    assert len(set(table.probe_subject.tolist()) | set(table.reference_subject.tolist())) == 2
    assert np.array_equal(table.probe_subject == table.reference_subject, table.mated)


def test_a_key_beside_the_scores(tmp_path: Path) -> None:
    scores = written(tmp_path, "probe\treference\tscore\na\tb\t1\na\ta\t2\n")
    key = written(tmp_path, "probe\treference\tlabel\na\ta\tmated\na\tb\tnonmated\n", "key.tsv")
    assert read_scores(scores, key).mated.tolist() == [False, True]
    short = written(tmp_path, "probe\treference\tlabel\na\ta\tmated\nc\td\tnonmated\n", "k.tsv")
    with pytest.raises(UserError) as error:
        read_scores(scores, short)
    assert error.value.problems == (
        f"{scores}: trial is not in {short}: line 2 'a b'",
        f"{short}: trial has no score in {scores}: line 3",
    )
    with pytest.raises(UserError, match=r"s2\.tsv: has a column label, and key= gives labels too"):
        read_scores(written(tmp_path, GOOD, "s2.tsv"), key)


HEAD = "probe,reference,score,label\n"
SUBJECTS = "probe,reference,score,label,probe_subject,reference_subject\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "s.tsv: is empty"),
        ("\n", "s.tsv: is empty"),
        (HEAD, "s.tsv: has no rows"),
        (HEAD + "a,a,nan,mated\n", "s.tsv: score is not a finite .*: line 2 'nan'"),
        (HEAD + "a,a,1,mated\na,b,0x1,target\n", "s.tsv: score is not a finite .*: line 3 '0x1'"),
        (HEAD + "a,a,1,yes\n", "s.tsv: label is not mated or non-mated, .*: line 2 'yes'"),
        (HEAD + "a,a,1,\n", "s.tsv: label is not mated"),
        (HEAD + ",a,1,mated\n", "s.tsv: probe is empty, .*: line 2 ''"),
        (HEAD + "a,b\x1b[2J,1,mated\n", r"s.tsv: reference is empty, .*: line 2 'b\\x1b\[2J'"),
        (HEAD + "a,a,1\n", "s.tsv: does not have 4 cells: line 2 has 3"),
        (HEAD + "a,a,1,mated\n\n", "s.tsv: does not have 4 cells: line 3 has 0"),
        (HEAD + "a,a,1,mated\na,a,2,mated\n", "s.tsv: trial is given twice: line 3 is line 2"),
        (HEAD + 'a,"a,1,mated\n', "s.tsv: line 2 is no row of a table"),
        (b"probe,reference,score,label\na,\xff,1,mated\n", "s.tsv: is not UTF-8 text: line 2"),
        ("probe reference score label\n", "s.tsv: has no column probe, reference, score, label; its columns"),
        ("probe,reference,score\na,b,1\n", r"s.tsv: has no column label; .*; or give key=FILE"),
        ("probe,reference,score,label,mated\n", "s.tsv: has columns label and mated"),
        ("probe,reference,score,score,label\n", "s.tsv: column score is there twice"),
        (HEAD[:-1] + ",probe_subject\n", "s.tsv: has one of the columns probe_subject and reference_subject"),
        (HEAD + "a,a,1,non-mated\n", "s.tsv: trial is non-mated, but its ids are the same, .*: line 2"),
        (SUBJECTS + "a,b,1,mated,x,y\n", "s.tsv: trial is mated, but its two subjects differ: line 2"),
        (SUBJECTS + "a,b,1,0,x,x\n", "s.tsv: trial is non-mated, but its two subjects are the same: line 2"),
    ],
)
def test_a_fault_is_one_line_with_its_place(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        read_scores(written(tmp_path, text))
    assert len(error.value.problems) == 1
    assert "\n" not in str(error.value)


@given(st.binary(max_size=120) | st.text(',\t\n\r"a1.-_ probescrl', max_size=120).map(str.encode))
def test_any_bytes_are_a_table_or_an_error_of_the_user(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    for content in (raw, HEAD.encode() + raw):
        path.write_bytes(content)
        problems: tuple[str, ...] = ()
        try:
            read_scores(path)
        except UserError as error:
            problems = error.problems
        assert all("any.csv: " in line for line in problems)
