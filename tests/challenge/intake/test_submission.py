"""Intake: one broken property a submission, every one refused with the reason."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.intake.submission import AttributesSubmission, DefacingSubmission, check_submission

Refused = Callable[[Path, Edition], tuple[str, ...]]
Spoil = Callable[[Path], object]


def test_good_submissions(tiny_edition: Edition, attack: Path, attributes: Path, defacing: Path) -> None:
    one = check_submission(attack, tiny_edition)
    assert one.scores == tuple(12 + i / 7 for i in range(len(tiny_edition.eval.trials)))
    assert (one.track, one.team, one.system, one.warnings) == ("attack", "team", "system-1.0", ())
    two = check_submission(attributes, tiny_edition)
    assert isinstance(two, AttributesSubmission)
    assert set(two.attributes) == set(tiny_edition.eval.probes)
    assert two.attributes[tiny_edition.eval.probes[-1]].sex == "F"
    three = check_submission(defacing, tiny_edition)
    assert isinstance(three, DefacingSubmission)
    assert len(three.scans) == 10
    assert three.warnings == ()
    assert len({one.sha256, two.sha256, three.sha256}) == 3


def test_scores_are_joined_by_id_never_by_position(tiny_edition: Edition, attack: Path) -> None:
    before = check_submission(attack, tiny_edition)
    lines = (attack / "scores.tsv").read_text().splitlines(keepends=True)
    (attack / "scores.tsv").write_text("".join([lines[0], *sorted(lines[1:])]))
    after = check_submission(attack, tiny_edition)
    assert after.scores == before.scores
    assert after.sha256 != before.sha256


def rows(change: Callable[[list[str]], list[str]]) -> Spoil:
    """Change the lines of scores.tsv, header first."""

    def spoil(folder: Path) -> None:
        lines = (folder / "scores.tsv").read_text().splitlines(keepends=True)
        (folder / "scores.tsv").write_bytes("".join(change(lines)).encode())

    return spoil


def raw(change: Callable[[bytes], bytes]) -> Spoil:
    return lambda folder: (
        (folder / "scores.tsv").write_bytes(change((folder / "scores.tsv").read_bytes())) and None
    )


def score(text: str) -> Spoil:
    """Give the third line another score."""
    return rows(lambda lines: [*lines[:2], lines[2].rsplit("\t", 1)[0] + f"\t{text}\n", *lines[3:]])


def cells(line: str) -> list[str]:
    return line.rstrip("\n").split("\t")


def a_pipe(folder: Path) -> None:
    (folder / "scores.tsv").unlink()
    os.mkfifo(folder / "scores.tsv")


ATTACKS = {
    "no scores": (lambda f: (f / "scores.tsv").unlink(), "lacks files: scores.tsv"),
    "empty": (raw(lambda _: b""), "is empty"),
    "header only": (rows(lambda x: x[:1]), "has no rows; expected"),
    "swapped columns": (rows(lambda x: ["reference\tprobe\tscore\n", *x[1:]]), "the header is 'reference"),
    "swapped cells": (
        rows(lambda x: [x[0], "\t".join([*cells(x[1])[1::-1], cells(x[1])[2]]) + "\n", *x[2:]]),
        "trial that is not in the eval list: line 2",
    ),
    "duplicate row": (rows(lambda x: [*x, x[1]]), "trial given twice: line"),
    "duplicate with another score": (
        rows(lambda x: [*x, "\t".join([*cells(x[1])[:2], "9"]) + "\n"]),
        "trial given twice: line",
    ),
    "missing row": (rows(lambda x: x[:-1]), "trial missing: sub-"),
    "duplicate for a missing one": (rows(lambda x: [*x[:-1], x[1]]), "trial missing: sub-"),
    "extra row": (rows(lambda x: [*x, "sub-aaaaaaaa\tph-aaaaaaaa\t1\n"]), "not in the eval list: line"),
    "id NA": (rows(lambda x: [*x, "NA\tNA\t1\n"]), "'NA NA'"),
    "id 001": (rows(lambda x: [*x, "001\t002\t1\n"]), "'001 002'"),
    "upper case": (rows(lambda x: [x[0], x[1].upper(), *x[2:]]), "trial missing"),
    "1e999": (score("1e999"), "score is not a finite decimal number such as 0.25 or -1.5e-3: line 3 '1e999'"),
    "1e308": (
        score("1e308"),
        "score is beyond 1e+30 in magnitude; scale all scores down by one factor: line 3",
    ),
    "-1.01e30": (score("-1.01e30"), "score is beyond 1e+30 in magnitude"),
    "nan": (score("nan"), "line 3 'nan'"),
    "inf": (score("-inf"), "line 3 '-inf'"),
    "n/a": (score("n/a"), "line 3 'n/a'"),
    "nothing": (score(""), "score is empty"),
    "decimal comma": (score("0,5"), "line 3 '0,5'"),
    "underscore": (score("1_0"), "line 3 '1_0'"),
    "formula": (score("=2+3"), "line 3 '=2+3'"),
    "quoted": (score('"0.5"'), "score is empty, too long, quoted"),
    "interpolation": (score("${oc.env:HOME}"), "line 3 '${oc.env:HOME}'"),
    "escape codes": (score("\x1b[31m1"), r"line 3 '\x1b[31m1'"),
    "BOM": (raw(lambda x: b"\xef\xbb\xbf" + x), "byte order mark"),
    "UTF-16": (raw(lambda x: x.decode().encode("utf-16")), "is not UTF-8 text"),
    "CRLF": (raw(lambda x: x.replace(b"\n", b"\r\n")), "CR LF"),
    "NUL": (raw(lambda x: x.replace(b"\tph-", b"\0\tph-", 1)), "control character"),
    "cut off": (raw(lambda x: x[:-1]), "may be cut off"),
    "commas": (raw(lambda x: x.replace(b"\t", b",")), "the header is 'probe,reference,score'"),
    "spaces": (raw(lambda x: x.replace(b"\t", b" ")), "the header is"),
    "fourth column": (rows(lambda x: [line.replace("\n", "\t1\n") for line in x]), "the header is"),
    "index column": (rows(lambda x: [f"{i}\t{line}" for i, line in enumerate(x)]), "the header is"),
    "blank line": (rows(lambda x: [*x[:3], "\n", *x[3:]]), "does not have 3 cells: line 4 has 0"),
    "10^6 extra rows": (raw(lambda x: x + b"a\tb\t0\n" * 10**6), "scores.tsv: is larger than"),
    "12000 extra rows": (rows(lambda x: x + ["a\tb\t0\n"] * 12_000), "rows; expected at most"),
    "one endless line": (raw(lambda x: x + b"a" * 10**6), "does not have 3 cells"),
    "not a file": (
        lambda f: ((f / "scores.tsv").unlink(), (f / "scores.tsv").mkdir()),
        "do not belong there",
    ),
    "a link": (
        lambda f: (f / "scores.tsv").rename(f.parent / "s") and (f / "scores.tsv").symlink_to("../s"),
        "has links",
    ),
    "a pipe": (a_pipe, "do not belong there"),
    "another file": (
        lambda f: (f / "key.tsv").write_text("x"),
        "do not belong there; remove them: 'key.tsv'",
    ),
    "a folder": (lambda f: (f / "dev").mkdir(), "do not belong there; remove them: 'dev'"),
    "a link to outside": (lambda f: (f / "README.md").symlink_to("/etc/passwd"), "has links"),
    "a name with escapes": (lambda f: (f / "a\x1b[2Jb\n").write_text(""), r"'a\x1b[2Jb\n'"),
    "a name that is no text": (lambda f: Path(os.fsdecode(bytes(f) + b"/\xff")).write_text(""), r"'\udcff'"),
    "two problems": (lambda f: (score("nan")(f), (f / "x").write_text("")), "remove them: 'x'"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_submissions_that_are_refused(
    name: str, attack: Path, tiny_edition: Edition, refused: Refused
) -> None:
    spoil, words = ATTACKS[name]
    spoil(attack)
    problems = refused(attack, tiny_edition)
    assert any(words in problem for problem in problems), problems
    if name == "two problems":
        assert len(problems) == 2


def test_problems_of_all_files_are_told_at_once(
    attack: Path, tiny_edition: Edition, refused: Refused
) -> None:
    about = json.loads((attack / "submission.json").read_text()) | {"contact": "me", "edition": "tiny/2027.1"}
    (attack / "submission.json").write_text(json.dumps(about))
    score("nan")(attack)
    (attack / "x").write_text("")
    problems = refused(attack, tiny_edition)
    names = [problem.partition(":")[0] for problem in problems]
    assert names == ["submission.json", "the submission", "scores.tsv"]
    (attack / "submission.json").write_text(json.dumps(about | {"track": ["attack"]}))
    assert all(problem.startswith("submission.json") for problem in refused(attack, tiny_edition))


def test_many_of_a_kind_are_counted_and_five_named(
    attack: Path, tiny_edition: Edition, refused: Refused
) -> None:
    rows(lambda x: [x[0], *x[8:], *["NA\tNA\t1\n"] * 6])(attack)
    unknown, missing = refused(attack, tiny_edition)
    assert "trial that is not in the eval list (6 in all): line" in unknown
    assert unknown.endswith(", ...")
    assert unknown.count("'NA NA'") == 5
    assert missing.startswith("scores.tsv: trial missing (7 in all): sub-")
    assert missing.count("sub-") == 5


def test_dev_trials_are_not_eval_trials(attack: Path, tiny_edition: Edition, refused: Refused) -> None:
    probe, reference = tiny_edition.dev.trials[0]
    rows(lambda x: [*x, f"{probe}\t{reference}\t1\n"])(attack)
    (problem,) = refused(attack, tiny_edition)
    assert f"'{probe} {reference}'" in problem


def test_constant_scores_are_warned_about(attack: Path, tiny_edition: Edition) -> None:
    rows(lambda x: [x[0], *("\t".join([*cells(line)[:2], "0"]) + "\n" for line in x[1:])])(attack)
    (warning,) = check_submission(attack, tiny_edition).warnings
    assert "every score is 0" in warning


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("\tF\t", "\tf\t", "sex is not one of F, M: line"),
        ("18-29", "18-30", "age_group is not one of 18-29, 30-44, 45-59, 60+: line"),
        ("asian", "n/a", "ethnicity is not one of african, asian: line"),
        ("sub-", "sub_", "probe missing: sub-"),
        ("probe\t", "participant_id\t", "the header is"),
    ],
)
def test_attributes_that_are_refused(
    attributes: Path, tiny_edition: Edition, refused: Refused, old: str, new: str, words: str
) -> None:
    path = attributes / "attributes.tsv"
    path.write_text(path.read_text().replace(old, new, 1))
    assert any(words in problem for problem in refused(attributes, tiny_edition))


def test_one_answer_for_all_is_warned_about(attributes: Path, tiny_edition: Edition) -> None:
    path = attributes / "attributes.tsv"
    path.write_text(path.read_text().replace("\tF\t", "\tM\t"))
    assert check_submission(attributes, tiny_edition).warnings == (
        "attributes.tsv: sex is M for every probe",
    )


def test_check_needs_no_key(own_edition_folder: Path, attack: Path) -> None:
    shutil.rmtree(own_edition_folder / "sealed")
    assert check_submission(attack, open_edition(own_edition_folder)).scores


def test_no_folder(tmp_path: Path, tiny_edition: Edition, refused: Refused) -> None:
    (problem,) = refused(tmp_path / "nowhere", tiny_edition)
    assert "no such folder or zip; expected one with submission.json" in problem


@pytest.mark.parametrize("track", ["attack", "attributes"])
def test_a_submission_without_its_table_is_refused(
    track: str, tiny_edition: Edition, refused: Refused, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(track)
    table = {"attack": "scores.tsv", "attributes": "attributes.tsv"}[track]
    (folder / table).unlink()
    problems = refused(folder, tiny_edition)
    assert any(table in problem for problem in problems), problems
