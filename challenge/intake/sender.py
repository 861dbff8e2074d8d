"""Whether a submission may bear its team's name: reserved ones, those of others, and who sent it."""

from collections.abc import Callable, Iterable
from pathlib import Path

from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.intake.archive import unpacked
from mriprivacy.challenge.intake.description import (
    DESCRIPTION,
    TOKEN,
    SubmissionError,
    read_claims,
    read_token,
)
from mriprivacy.challenge.intake.expected_files import largest_sizes
from mriprivacy.challenge.intake.submission import Submission, described
from mriprivacy.data_prep.formats.fields import alike, is_reserved


def name_problem(team: str, sender: str, others: Iterable[str], from_outside: bool) -> str | None:
    """Return what is wrong with the name of a submission's team; None if nothing is.

    Parameters
    ----------
    team : str
        As the submission has it.
    sender : str
        The team that sent it, from the organizer; empty if unknown.
    others : iterable of str
        Teams that were met before.
    from_outside : bool
        Whether it may be of anybody, so that a reserved name needs the organizer's word.

    Examples
    --------
    >>> name_problem("anna", "", ["Anna"], True)
    "team is anna; 'Anna' was here before and looks the same: expected one spelling"
    >>> name_problem("reference", "", [], True)
    "team is reference, a name for the kit's own systems; if you made it, give team=reference"
    >>> name_problem("reference", "reference", [], True)
    """
    if sender not in ("", team):
        return f"team is {team}; it was sent by another"
    for other in sorted(others):
        if other != team and alike(other, team):
            return f"team is {team}; {other!r} was here before and looks the same: expected one spelling"
    if from_outside and not sender and is_reserved(team):
        return f"team is {team}, a name for the kit's own systems; if you made it, give team={team}"
    return None


def check_name(submission: Submission, sender: str, others: Iterable[str], from_outside: bool) -> None:
    """Raise SubmissionError if a submission may not bear its team's name, as `name_problem` says."""
    if problem := name_problem(submission.team, sender, others, from_outside):
        error = SubmissionError(f"{DESCRIPTION}: {problem}")
        error.claimed = read_claims(submission.folder)
        raise error


class SenderError(SubmissionError):
    """A submission without the token of its team, or that does not say which team's it is.

    Attributes
    ----------
    again : bool
        Whether it may be accepted later as it is: the team may get that token.
    """

    again: bool = False


def check_sender(path: Path, edition: Edition, track: str, holder: Callable[[str], str | None]) -> None:
    """Raise SenderError unless a submission has its team's token; nothing else of it is unpacked.

    Parameters
    ----------
    path : Path
        A folder or zip.
    edition : Edition
        The public side is all that is needed.
    track : str
        The only one that is asked for; empty for any.
    holder : callable
        Whose a token is; None if it is no team's.

    Raises
    ------
    SenderError
        Also with what is wrong with a description that cannot be read, in the words of intake.
    """
    try:
        with unpacked(path, largest_sizes(edition, track), only=(DESCRIPTION,)) as found:
            about, problems = described(found, edition, track)
            unknown = not problems and holder(read_token(found.folder)) != about["team"]
    except SubmissionError as error:
        raise SenderError(*error.problems) from error
    if unknown:
        refused = SenderError(
            f"{DESCRIPTION}: {TOKEN} is not that of team {about['team']}; expected the one that the "
            "organizers gave it"
        )
        refused.again = True
        raise refused
    if problems:
        raise SenderError(*problems)


def teams_of_entries(folder: Path, edition: str) -> set[str]:
    """Return the teams that have entries of an edition, by the names of their files."""
    files = (folder / edition.replace("/", "-")).glob("*__*.json")
    return {path.name.partition("__")[0] for path in files if not path.name.startswith(".")}
