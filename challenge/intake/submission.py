"""Intake of a submission: one validator for the participant's `check` and the organizer's `evaluate`.

A submission is compared with the exact list of what the edition asks for. Anything wrong is refused,
never repaired, and all of it is reported at once. Messages call files by their names inside the submission,
so they can be shown to the participant as they are.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from mriprivacy.challenge.compute.parallel import Compute, run, some
from mriprivacy.challenge.edition.public import Edition, Pair
from mriprivacy.challenge.intake.archive import Unpacked, unpacked
from mriprivacy.challenge.intake.description import (
    DESCRIPTION,
    SubmissionError,
    read_claims,
    read_description,
    without_token,
    write_submission_json,
)
from mriprivacy.challenge.intake.expected_files import (
    TABLES,
    largest_sizes,
    largest_table,
    match_files,
    most_rows,
    outer_folder,
    scan_files,
    tables,
)
from mriprivacy.challenge.intake.volumes import Checked, VolumeError, check_begin, check_volume
from mriprivacy.data_prep.formats.manifest import file_sha256
from mriprivacy.data_prep.formats.problems import Findings, shown
from mriprivacy.data_prep.formats.schema import (
    ATTRIBUTE_COLUMNS,
    DISTRACTORS,
    SCORE_COLUMNS,
    Attributes,
    parse_score,
)
from mriprivacy.data_prep.formats.tables.tsv import Rule, TableError, one_of, parse_table, read_bytes

__all__ = [
    "TABLES",
    "AttackSubmission",
    "AttributesSubmission",
    "DefacingSubmission",
    "Submission",
    "SubmissionError",
    "check_submission",
    "received",
    "write_submission_json",
]

HERE = Compute("sequential")
T = TypeVar("T", bound="SubmissionHead")
_WORTH_WORKERS = 50_000_000  # packed bytes of scans; to start workers takes longer than to read fewer


@dataclass(frozen=True, kw_only=True)
class SubmissionHead:
    """What every accepted submission has.

    Attributes
    ----------
    folder : Path
        Where it lies.
    edition, team, system, description, contact, licence : str
        From `submission.json`; `edition` is `<id>/<version>`.
    warnings : tuple of str
        What is allowed but probably not meant.
    sha256 : str
        Over names and contents of all files that were read.
    networks : str
        From `submission.json`, for the signature; empty where it names none.
    doi, orcids : str
        From `submission.json`: of the method's paper or code, and of its authors; may be empty.
    draw_of : str
        From `submission.json`: the system of the first draw that this one belongs to; empty for none.
    """

    track: ClassVar[str]
    folder: Path
    edition: str
    team: str
    system: str
    description: str
    contact: str
    licence: str
    warnings: tuple[str, ...]
    sha256: str
    networks: str = ""
    doi: str = ""
    orcids: str = ""
    draw_of: str = ""


@dataclass(frozen=True, kw_only=True)
class DefacingSubmission(SubmissionHead):
    """The anonymized scans of both splits, by (split, probe)."""

    track = "defacing"
    scans: Mapping[tuple[str, str], Path]


@dataclass(frozen=True, kw_only=True)
class AttackSubmission(SubmissionHead):
    """A score for every trial, in the order of `edition.eval.trials`.

    Where the edition has distractors there are `distractor_scores`, too, in the order of
    `edition.eval.distractor_trials`.
    """

    track = "attack"
    scores: tuple[float, ...]
    distractor_scores: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AttributesSubmission(SubmissionHead):
    """The guesses for every probe of `eval`."""

    track = "attributes"
    attributes: Mapping[str, Attributes]


Submission = DefacingSubmission | AttackSubmission | AttributesSubmission


@contextmanager
def received(path: Path, edition: Edition, compute: Compute = HERE, track: str = "") -> Iterator[Submission]:
    """Give the accepted submission of a folder or a zip; what a zip was unpacked to is gone afterwards.

    Parameters
    ----------
    path : Path
        A folder as for `check_submission`, or a zip of what is in such a folder.
    edition : Edition
        The public side is all that is needed.
    compute : Compute
        Who opens the scans.
    track : str
        The only one that is asked for, as in a phase of a platform; empty for any.

    Raises
    ------
    SubmissionError
        With every problem, one line each.
    """
    is_zip = path.is_file()
    sizes = largest_sizes(edition, track) if is_zip else {}
    scans = scan_files(edition).items() if is_zip else ()
    originals = {name: edition.splits[of[0]].scan(of[1]) for of, name in scans}

    def begins(name: str, begin: bytes) -> bool:
        try:
            check_begin(begin, originals[name])
        except VolumeError:
            return False  # refused when it is checked
        return True

    with unpacked(path, sizes, begins) as found:
        try:
            submission = check_submission(found, edition, compute, track)
        except SubmissionError as error:
            error.claimed = read_claims(found.folder)
            raise
        yield submission


def check_submission(
    submission: Path | Unpacked, edition: Edition, compute: Compute = HERE, track: str = ""
) -> Submission:
    """Accept a submission, or say everything that is wrong with it.

    Parameters
    ----------
    submission : Path or Unpacked
        A folder with `submission.json` and what its track asks for (docs/reference/files.md), or a zip that
        was unpacked.
    edition : Edition
        The public side is all that is needed.
    compute : Compute
        Who opens the scans.
    track : str
        As in `received`.

    Raises
    ------
    SubmissionError
        With every problem, one line each, the most important first, without paths outside of the submission.

    Examples
    --------
    >>> from unittest.mock import Mock
    >>> check_submission(Path("nowhere"), Mock())
    Traceback (most recent call last):
    mriprivacy.challenge.intake.description.SubmissionError: the submission: no such folder or zip; ...
    """
    given = submission if isinstance(submission, Unpacked) else Unpacked(submission)
    folder = given.folder
    if not folder.is_dir():
        raise SubmissionError(f"the submission: no such folder or zip; expected one with {DESCRIPTION}")
    about, problems = described(given, edition, track)
    track = about.pop("track")
    scans = scan_files(edition) if track == "defacing" else {}
    needed = [DESCRIPTION, *(list(scans.values()) or tables(edition, track))]
    present, missing = match_files(folder, needed, given.left_out, given.links)
    problems = [*problems, *missing]

    def accept(kind: type[T], wrong: Sequence[str], warnings: Sequence[str], **content: Any) -> T:
        if every := [*problems, *wrong]:
            raise SubmissionError(*every)
        noted = (*edition.warnings, *warnings)
        return kind(folder=folder, warnings=noted, sha256=_digest(folder, needed), **about, **content)

    if track == "defacing":
        here = {key: name for key, name in scans.items() if name in present}
        wrong, warnings = _check_scans(folder, here, edition, compute)
        sent = {key: folder / name for key, name in scans.items()}
        return accept(DefacingSubmission, wrong, warnings, scans=sent)
    if track == "attack":
        asked = {TABLES[track]: edition.eval.trials, DISTRACTORS: edition.eval.distractor_trials}
        found = {n: _read_scores(folder, n, edition, t) for n, t in asked.items() if n in present}
        wrong = [line for _, lines in found.values() for line in lines]
        warnings = [line for name, (scores, _) in found.items() for line in _constant_scores(name, scores)]
        scores, strangers = (found.get(name, ((), []))[0] for name in asked)
        return accept(AttackSubmission, wrong, warnings, scores=scores, distractor_scores=strangers)
    guesses, wrong = _read_attributes(folder, edition) if TABLES[track] in present else ({}, [])
    return accept(AttributesSubmission, wrong, _constant_attributes(guesses), attributes=guesses)


def described(given: Unpacked, edition: Edition, track: str = "") -> tuple[dict[str, str], list[str]]:
    """Read the description of a submission, which says what else is asked for; as `read_description`.

    Raises
    ------
    SubmissionError
        If it is not there, or does not even tell the track, or another than is asked for.
    """
    folder = given.folder
    if outer := outer_folder(folder, given.left_out):
        raise SubmissionError(
            f"the submission: {DESCRIPTION} is in the folder {shown(outer)}; expected at the top: pack what "
            "is in the folder, not the folder itself"
        )
    about, problems = read_description(folder, edition, is_link=DESCRIPTION in given.links)
    if not about:
        raise SubmissionError(*problems)
    if track and about["track"] != track:
        raise SubmissionError(f"{DESCRIPTION}: track is {about['track']}; this phase is for {track}")
    return about, problems


def _read_scores(
    folder: Path, name: str, edition: Edition, trials: Sequence[Pair]
) -> tuple[tuple[float, ...], list[str]]:
    """Return the scores in the order of the trials, and problems; no scores with a problem."""
    rows, problems = _read_rows(folder, name, edition, SCORE_COLUMNS, trials, {"score": parse_score})
    return tuple(parse_score(cell) for (cell,) in rows), problems


def _constant_scores(name: str, scores: Sequence[float]) -> list[str]:
    if len(set(scores)) != 1:
        return []
    return [f"{name}: every score is {scores[0]:g}, so no pair is linked (EER 50 %)"]


def _read_attributes(folder: Path, edition: Edition) -> tuple[dict[str, Attributes], list[str]]:
    probes = [(probe,) for probe in edition.eval.probes]
    rules = {column: one_of(values) for column, values in edition.attribute_values.items()}
    rows, problems = _read_rows(folder, TABLES["attributes"], edition, ATTRIBUTE_COLUMNS, probes, rules)
    return {probe: Attributes(*row) for (probe,), row in zip(probes, rows, strict=False)}, problems


def _constant_attributes(guesses: Mapping[str, Attributes]) -> list[str]:
    columns = zip(Attributes._fields, zip(*guesses.values(), strict=True), strict=False)
    return [
        f"{TABLES['attributes']}: {column} is {values[0]} for every probe"
        for column, values in columns
        if len(set(values)) == 1
    ]


def _read_rows(
    folder: Path,
    name: str,
    edition: Edition,
    columns: Sequence[str],
    expected: Sequence[tuple[str, ...]],
    rules: Mapping[str, Rule],
) -> tuple[list[tuple[str, ...]], list[str]]:
    """Return the cells after the ids, in the order expected, or problems unless every id is there once.

    Rows are joined by id and never by position. (A loader in wide use pairs scores and keys by position;
    shifted ids then swap mated and nonmated.)
    """
    try:
        raw = read_bytes(folder / name, largest_table(edition), name)
    except TableError as error:
        return [], list(error.problems)
    table, problems = parse_table(raw, columns, name=name, max_rows=most_rows(edition))
    if not table.rows:
        return [], list(problems) or [f"{name}: has no rows; expected {len(expected)}"]
    ids = len(expected[0])
    what = "trial" if ids == 2 else "probe"
    findings = Findings(name)
    wanted = set(expected)
    values: dict[tuple[str, ...], tuple[str, ...]] = {}
    for line, row in zip(table.lines, table.rows, strict=True):
        key = row[:ids]
        if key not in wanted:
            findings.add(
                f"{what} that is not in the {edition.eval.name} list", f"line {line} {shown(' '.join(key))}"
            )
        elif key in values:
            findings.add(f"{what} given twice", f"line {line} {' '.join(key)}")
        values[key] = row[ids:]
        for column, cell in zip(columns[ids:], values[key], strict=True):
            try:
                rules[column](cell)
            except ValueError as error:
                findings.add(f"{column} {error}", f"line {line} {shown(cell)}")
    for key in expected:
        if key not in values:
            findings.add(f"{what} missing", " ".join(key))
    if wrong := [*problems, *findings.problems()]:
        return [], wrong
    return [values[key] for key in expected], []


def _check_scans(
    folder: Path, scans: Mapping[tuple[str, str], str], edition: Edition, compute: Compute
) -> tuple[list[str], list[str]]:
    """Return problems and warnings."""
    pairs = [
        _FilePair(name, folder / name, edition.splits[split].scan(probe))
        for (split, probe), name in scans.items()
    ]
    few = sum(pair.sent.lstat().st_size for pair in pairs) < _WORTH_WORKERS
    found = run(_check, pairs, "check scans", HERE if few else compute)
    checked = dict(zip(scans.values(), found, strict=True))
    good = {name: one for name, one in checked.items() if isinstance(one, Checked)}
    noted = {
        "have the intensities of the originals, so nothing was anonymized": [
            name for name, one in good.items() if one.unchanged
        ],
        "have words, spare numbers or an extension in their headers, which the evaluation ignores": [
            name for name, one in good.items() if one.has_words
        ],
    }
    warnings = [f"{len(own)} of {len(scans)} scans {what}: {some(own)}" for what, own in noted.items() if own]
    return _counted({name: one for name, one in checked.items() if isinstance(one, str)}), warnings


def _counted(wrong: Mapping[str, str]) -> list[str]:
    """Return one line a kind of problem: that of one scan under its name, that of several with a count."""
    names: dict[str, list[str]] = {}
    for name, problem in wrong.items():
        names.setdefault(problem, []).append(name)
    findings = Findings("the scans")
    for problem, own in names.items():
        for name in own if len(own) > 1 else ():
            findings.add(problem, name)
    alone = [f"{own[0]}: {problem}" for problem, own in names.items() if len(own) == 1]
    return [*findings.problems(), *alone]


@dataclass(frozen=True)
class _FilePair:
    name: str
    sent: Path
    original: Path


def _check(pair: _FilePair) -> Checked | str:
    try:
        return check_volume(pair.sent, pair.original)
    except VolumeError as error:
        return str(error)
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def _digest(folder: Path, names: Sequence[str]) -> str:
    """Return the digest of a submission, its description as the kit writes it, without the team's token."""
    own = {name: file_sha256(folder / name) for name in names if name != DESCRIPTION}
    own[DESCRIPTION] = hashlib.sha256(without_token(folder).encode()).hexdigest()
    lines = [f"{own[name]}  {name}\n" for name in sorted(names)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
