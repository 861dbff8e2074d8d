"""Intake of a submission: one validator for the participant's `check` and the organizer's `evaluate`.

What a stranger sent is compared with the exact list of what the edition asks for. Anything wrong is refused,
never repaired, and all of it is said at once. Messages call files by their names inside the submission, so
they can be shown to the participant as they are.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mriprivacy.challenge.compute.parallel import Compute, run
from mriprivacy.challenge.edition.public import Edition, Pair
from mriprivacy.challenge.intake.archive import unpacked
from mriprivacy.challenge.intake.description import (
    DESCRIPTION,
    SubmissionError,
    read_claims,
    read_description,
    write_submission_json,
)
from mriprivacy.challenge.intake.expected_files import (
    TABLES,
    largest_sizes,
    largest_table,
    match_files,
    most_rows,
    scan_files,
    tables,
)
from mriprivacy.challenge.intake.volumes import Checked, VolumeError, check_volume
from mriprivacy.data_prep.formats.manifest import file_sha256
from mriprivacy.data_prep.formats.problems import Findings, shown
from mriprivacy.data_prep.formats.schema import (
    ATTRIBUTE_COLUMNS,
    DISTRACTORS,
    SCORE_COLUMNS,
    Attributes,
    parse_score,
)
from mriprivacy.data_prep.formats.tsv import Rule, TableError, one_of, parse_table, read_bytes

__all__ = [
    "TABLES",
    "Submission",
    "SubmissionError",
    "check_submission",
    "received",
    "write_submission_json",
]

HERE = Compute("sequential")
_WORTH_WORKERS = 50_000_000  # packed bytes of scans; to start workers takes longer than to read fewer


@dataclass(frozen=True)
class Submission:
    """A submission that was accepted.

    Attributes
    ----------
    folder : Path
        Where it lies.
    edition, track, team, system, description, contact, licence : str
        From `submission.json`; `edition` is `<id>/<version>`.
    scores : tuple of float, or None
        Track attack: a score for every trial, in the order of `edition.eval.trials`.
    attributes : mapping from probe to Attributes, or None
        Track attributes: the guesses for every probe of `eval`.
    scans : mapping from (split, probe) to Path, or None
        Track defacing: the anonymized scans.
    warnings : tuple of str
        What is allowed but probably not meant.
    sha256 : str
        Over names and contents of all files that were read.
    distractor_scores : tuple of float
        Track attack, where the edition has distractors: in the order of `edition.eval.distractor_trials`.
    networks : str
        From `submission.json`, for the signature; empty where it names none.
    """

    folder: Path
    edition: str
    track: str
    team: str
    system: str
    description: str
    contact: str
    licence: str
    scores: tuple[float, ...] | None
    attributes: Mapping[str, Attributes] | None
    scans: Mapping[tuple[str, str], Path] | None
    warnings: tuple[str, ...]
    sha256: str
    distractor_scores: tuple[float, ...] = ()
    networks: str = ""


@contextmanager
def received(path: Path, edition: Edition, compute: Compute = HERE) -> Iterator[Submission]:
    """Give the accepted submission of a folder or a zip; what a zip was unpacked to is gone afterwards.

    Parameters
    ----------
    path : Path
        A folder as for `check_submission`, or a zip of what is in such a folder.
    edition : Edition
        The public side is all that is needed.
    compute : Compute
        Who opens the scans.

    Raises
    ------
    SubmissionError
        With every problem, one line each.
    """
    sizes = largest_sizes(edition) if path.is_file() else {}
    with unpacked(path, sizes) as folder:
        try:
            submission = check_submission(folder, edition, compute)
        except SubmissionError as error:
            error.claimed = read_claims(folder)
            raise
        yield submission


def check_submission(folder: Path, edition: Edition, compute: Compute = HERE) -> Submission:
    """Accept a submission, or say everything that is wrong with it.

    Parameters
    ----------
    folder : Path
        With `submission.json` and what its track asks for (docs/reference/files.md).
    edition : Edition
        The public side is all that is needed.
    compute : Compute
        Who opens the scans.

    Raises
    ------
    SubmissionError
        With every problem, one line each, without paths outside of `folder`.

    Examples
    --------
    >>> from unittest.mock import Mock
    >>> check_submission(Path("nowhere"), Mock())
    Traceback (most recent call last):
    mriprivacy.challenge.intake.description.SubmissionError: the submission: no such folder or zip; ...
    """
    if not folder.is_dir():
        raise SubmissionError(f"the submission: no such folder or zip; expected one with {DESCRIPTION}")
    about, problems = read_description(folder, edition)
    if not about:  # what else is asked for, the track says
        raise SubmissionError(*problems)
    track = about["track"]
    scans = scan_files(edition) if track == "defacing" else {}
    needed = list(scans.values()) or tables(edition, track)
    present, found = match_files(folder, [DESCRIPTION, *needed])
    problems += found
    warnings = list(edition.warnings)
    scores = attributes = None
    strangers: tuple[float, ...] | None = ()
    if track == "attack" and TABLES[track] in present:
        scores = _read_scores(folder, TABLES[track], edition, edition.eval.trials, problems, warnings)
        if DISTRACTORS in present:
            asked = edition.eval.distractor_trials
            strangers = _read_scores(folder, DISTRACTORS, edition, asked, problems, warnings)
    elif track == "attributes" and TABLES[track] in present:
        attributes = _read_attributes(folder, edition, problems, warnings)
    elif track == "defacing":
        here = {key: name for key, name in scans.items() if name in present}
        _check_scans(folder, here, edition, problems, warnings, compute)
    if problems:
        raise SubmissionError(*problems)
    return Submission(
        folder=folder,
        **about,
        scores=scores,
        distractor_scores=strangers or (),
        attributes=attributes,
        scans={key: folder / name for key, name in scans.items()} if scans else None,
        warnings=tuple(warnings),
        sha256=_digest(folder, [DESCRIPTION, *needed]),
    )


def _read_scores(
    folder: Path,
    name: str,
    edition: Edition,
    trials: Sequence[Pair],
    problems: list[str],
    warnings: list[str],
) -> tuple[float, ...] | None:
    rows = _read_rows(folder, name, edition, SCORE_COLUMNS, trials, {"score": parse_score}, problems)
    if rows is None:
        return None
    scores = tuple(parse_score(cell) for (cell,) in rows)
    if len(set(scores)) == 1:
        warnings.append(f"{name}: every score is {scores[0]:g}, which tells nobody apart (EER 50 %)")
    return scores


def _read_attributes(
    folder: Path, edition: Edition, problems: list[str], warnings: list[str]
) -> dict[str, Attributes] | None:
    name = TABLES["attributes"]
    probes = edition.eval.probes
    rules = {column: one_of(values) for column, values in edition.attribute_values.items()}
    rows = _read_rows(
        folder, name, edition, ATTRIBUTE_COLUMNS, [(probe,) for probe in probes], rules, problems
    )
    if rows is None:
        return None
    for column, guesses in zip(Attributes._fields, zip(*rows, strict=True), strict=True):
        if len(set(guesses)) == 1:
            warnings.append(f"{name}: {column} is {guesses[0]} for every probe")
    return {probe: Attributes(*row) for probe, row in zip(probes, rows, strict=True)}


def _read_rows(
    folder: Path,
    name: str,
    edition: Edition,
    columns: Sequence[str],
    expected: Sequence[tuple[str, ...]],
    rules: Mapping[str, Rule],
    problems: list[str],
) -> list[tuple[str, ...]] | None:
    """Read the cells after the ids, in the order expected; None, and problems, unless every id is there once.

    Rows are joined by id and never by position. (A loader in wide use pairs scores and keys by position;
    shifted ids then swap mated and nonmated.)
    """
    before = len(problems)
    try:
        raw = read_bytes(folder / name, largest_table(edition), name)
    except TableError as error:
        problems += error.problems
        return None
    table, found = parse_table(raw, columns, name=name, max_rows=most_rows(edition))
    problems += found
    if not table.rows:
        if len(problems) == before:
            problems.append(f"{name}: has no rows; expected {len(expected)}")
        return None
    ids = len(expected[0])
    what = "trial" if ids == 2 else "probe"
    findings = Findings(name)
    wanted = set(expected)
    values: dict[tuple[str, ...], tuple[str, ...]] = {}
    for line, row in zip(table.lines, table.rows, strict=True):
        key = row[:ids]
        if key not in wanted:
            findings.add(f"{what} that is not in the eval list", f"line {line} {shown(' '.join(key))}")
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
    problems += findings.problems()
    return [values[key] for key in expected] if len(problems) == before else None


def _check_scans(
    folder: Path,
    scans: Mapping[tuple[str, str], str],
    edition: Edition,
    problems: list[str],
    warnings: list[str],
    compute: Compute,
) -> None:
    pairs = [
        _Pair(name, folder / name, edition.splits[split].scan(probe))
        for (split, probe), name in scans.items()
    ]
    few = sum(pair.sent.lstat().st_size for pair in pairs) < _WORTH_WORKERS
    found = run(_check, pairs, "check scans", HERE if few else compute)
    checked = dict(zip(scans.values(), found, strict=True))
    problems += [one for one in checked.values() if isinstance(one, str)]
    good = {name: one for name, one in checked.items() if isinstance(one, Checked)}
    _warn(
        "have the intensities of the originals, so nothing was anonymized",
        [name for name, found in good.items() if found.unchanged],
        len(scans),
        warnings,
    )
    _warn(
        "have words or an extension in their headers, which nobody reads",
        [name for name, found in good.items() if found.has_words],
        len(scans),
        warnings,
    )


@dataclass(frozen=True)
class _Pair:
    name: str
    sent: Path
    original: Path


def _check(pair: _Pair) -> Checked | str:
    try:
        return check_volume(pair.sent, pair.original)
    except VolumeError as error:
        return f"{pair.name}: {error}"
    except OSError as error:
        return f"{pair.name}: cannot be read ({error.strerror})"


def _warn(what: str, names: Sequence[str], n_scans: int, warnings: list[str]) -> None:
    if names:
        more = ", ..." if len(names) > 5 else ""
        warnings.append(f"{len(names)} of {n_scans} scans {what}: {', '.join(names[:5])}{more}")


def _digest(folder: Path, names: Sequence[str]) -> str:
    lines = [f"{file_sha256(folder / name)}  {name}\n" for name in sorted(names)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
