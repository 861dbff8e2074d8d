"""Intake: one broken property a submission, every one refused with the reason."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.intake import submission
from mriprivacy.challenge.intake.submission import (
    AttackSubmission,
    AttributesSubmission,
    DefacingSubmission,
    SubmissionError,
    check_submission,
    received,
)
from mriprivacy.challenge.intake.volumes import Checked
from mriprivacy.data_prep.formats.schema import Attributes
from tests.helpers.hostile_scores import ATTACKS, cells, rows, score

Refused = Callable[[Path, Edition], tuple[str, ...]]


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


def test_a_submission_is_made_by_names_alone() -> None:
    for kind in (AttackSubmission, AttributesSubmission, DefacingSubmission):
        with pytest.raises(TypeError, match="positional argument"):
            kind(())


def test_one_trial_and_one_probe_are_a_list(tmp_path: Path, tiny_edition: Edition) -> None:
    (tmp_path / "scores.tsv").write_text("probe\treference\tscore\np\tr\t0.5\n")
    read = submission._read_scores(tmp_path, "scores.tsv", tiny_edition, [("p", "r")])
    assert read == ((0.5,), [])
    (tmp_path / "scores.tsv").write_text("probe\treference\tscore\n")
    assert submission._read_scores(tmp_path, "scores.tsv", tiny_edition, [("p", "r")]) == (
        (),
        ["scores.tsv: has no rows; expected 1"],
    )


@pytest.mark.parametrize(
    ("scores", "warnings"),
    [
        ((), []),
        ((2.5,), ["x.tsv: every score is 2.5, so no pair is linked (EER 50 %)"]),
        ((2.5, 2.5), ["x.tsv: every score is 2.5, so no pair is linked (EER 50 %)"]),
        ((2.5, 2.5, 2.6), []),
    ],
)
def test_scores_are_constant_if_all_are_one(scores: tuple[float, ...], warnings: list[str]) -> None:
    assert submission._constant_scores("x.tsv", scores) == warnings


def test_a_guess_is_constant_in_every_column_by_itself() -> None:
    one, other = Attributes("F", "18-29", "asian"), Attributes("M", "18-29", "african")
    age = "attributes.tsv: age_group is 18-29 for every probe"
    assert submission._constant_attributes({"a": one, "b": other}) == [age]
    assert submission._constant_attributes({"a": one}) == [
        "attributes.tsv: sex is F for every probe",
        age,
        "attributes.tsv: ethnicity is asian for every probe",
    ]
    assert submission._constant_attributes({}) == []


def test_problems_of_scans_are_one_line_a_kind() -> None:
    """Those of several scans come first, with a count; that of one scan stands under its name."""
    wrong = {"a": "is cut", "b": "is flat", "c": "is cut", "d": "is turned", "e": "is cut"}
    assert submission._counted(wrong) == [
        "the scans: is cut (3 in all): a, c, e",
        "b: is flat",
        "d: is turned",
    ]
    assert submission._counted({"a": "is cut", "b": "is cut"}) == ["the scans: is cut (2 in all): a, b"]
    assert submission._counted({}) == []


@pytest.mark.parametrize(("more", "engine"), [(0, "loky"), (1, "sequential")])
def test_workers_are_started_for_so_many_bytes_of_scans(
    more: int, engine: str, defacing: Path, tiny_edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here for as many as there are, or one more."""
    used: list[str] = []

    def noted(check: object, pairs: list[Any], label: str, compute: Compute) -> list[Checked]:
        used.append(compute.backend)
        return [Checked(unchanged=False, has_words=False) for _ in pairs]

    size = sum(path.stat().st_size for path in defacing.rglob("*.nii.gz"))
    monkeypatch.setattr(submission, "run", noted)
    monkeypatch.setattr(submission, "_WORTH_WORKERS", size + more)
    check_submission(defacing, tiny_edition, Compute("loky"))
    assert used == [engine]


@pytest.mark.parametrize(("unchanged", "words"), [((), ()), ((3,), ()), ((0, 1), (9,)), ((), range(10))])
def test_what_is_allowed_of_scans_is_counted_in_warnings(
    unchanged: tuple[int, ...],
    words: tuple[int, ...],
    defacing: Path,
    tiny_edition: Edition,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def found(_: object, pairs: list[Any], *__: object) -> list[Checked]:
        return [Checked(number in unchanged, number in words) for number in range(len(pairs))]

    monkeypatch.setattr(submission, "run", found)
    monkeypatch.setattr(Edition, "warnings", ("of the edition",))
    first, *warnings = check_submission(defacing, tiny_edition).warnings
    assert first == "of the edition"
    expected = [(unchanged, "have the intensities of the originals"), (words, "have words, spare numbers")]
    told = [(len(own), what) for own, what in expected if len(own)]
    assert len(warnings) == len(told)
    for warning, (count, what) in zip(warnings, told, strict=True):
        assert warning.startswith(f"{count} of 10 scans {what}")


def test_a_digest_is_of_lines_as_sha256sum_writes_them(attack: Path, tiny_edition: Edition) -> None:
    """In the order of their names, of all files that are read and no other."""
    (attack / "README.md").write_text("mine")
    lines = [
        f"{hashlib.sha256((attack / name).read_bytes()).hexdigest()}  {name}\n"
        for name in ("scores.tsv", "submission.json")
    ]
    whole = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert check_submission(attack, tiny_edition).sha256 == whole


def test_of_a_phase_only_its_track_is_received(attack: Path, tiny_edition: Edition) -> None:
    with received(attack, tiny_edition, track="attack") as found:
        assert found.track == "attack"
    with pytest.raises(SubmissionError) as error, received(attack, tiny_edition, track="defacing"):
        pass
    assert error.value.problems == ("submission.json: track is attack; this phase is for defacing",)
    assert error.value.claimed == {"track": "attack", "team": "team", "system": "system-1.0"}


def test_a_folder_in_a_folder_is_told_with_its_name(attack: Path, tiny_edition: Edition) -> None:
    with pytest.raises(SubmissionError) as error:
        check_submission(attack.parent, tiny_edition)
    assert error.value.problems == (
        "the submission: submission.json is in the folder 'attack'; expected at the top: pack what is in the "
        "folder, not the folder itself",
    )


def test_all_that_a_description_says_is_in_the_submission(attack: Path, tiny_edition: Edition) -> None:
    path = attack / "submission.json"
    plain = check_submission(attack, tiny_edition)
    assert (plain.networks, plain.doi, plain.orcids, plain.draw_of) == ("", "", "", "")
    more = {"networks": "a@01234567", "doi": "10.1000/x", "orcids": "0000-0002-1825-0097"}
    path.write_text(json.dumps(json.loads(path.read_text()) | more | {"team_token": "x" * 20}))
    found = check_submission(attack, tiny_edition)
    assert (found.networks, found.doi, found.orcids) == tuple(more.values())
    assert (found.edition, found.contact, found.licence) == ("tiny/2026.1", "team@example.org", "MIT")
    assert "x" * 20 not in repr(found)
