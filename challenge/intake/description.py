"""`submission.json`: who sends what, for which edition."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from mriprivacy.challenge.edition.public import Edition
from mriprivacy.data_prep.formats import fields
from mriprivacy.data_prep.formats.atomic import whole_file
from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.data_prep.formats.strict_json import read_json_object
from mriprivacy.scoring.errors import UserError

DESCRIPTION = "submission.json"
TOKEN = "team_token"  # says that a submission is of its team; nothing else reads it


def sent(submission: str) -> Path:
    """Return where a submission lies that its owner named; SubmissionError if nothing is there.

    Examples
    --------
    >>> sent("nowhere")
    Traceback (most recent call last):
    mriprivacy.challenge.intake.description.SubmissionError: nowhere: no such folder or zip; ...
    """
    path = Path(submission)
    if not path.exists():
        raise SubmissionError(f"{path}: no such folder or zip; expected a submission, with {DESCRIPTION}")
    return path


class SubmissionError(UserError):
    """A submission that is not accepted.

    Attributes
    ----------
    claimed : mapping from str to str
        What it says of itself, for the log: those of `track`, `team` and `system` that are well formed. It
        may lie.
    """

    claimed: Mapping[str, str] = MappingProxyType({})


def write_submission_json(
    folder: Path,
    *,
    edition: str,
    track: str,
    team: str,
    system: str,
    description: str,
    contact: str,
    licence: str,
    networks: str = "",
    doi: str = "",
    orcids: str = "",
    draw_of: str = "",
) -> None:
    """Write `submission.json`, by the same rules as it is read.

    Raises
    ------
    SubmissionError
        If a field would be refused at intake.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_submission_json(folder, edition="synth/2026.1", track="attack", team="reference", system="geo",
    ...     description="Landmark distances.", contact="team@example.org", licence="MIT")
    >>> (folder / "submission.json").read_text().splitlines()[1]
    '  "edition": "synth/2026.1",'
    """
    about = {
        "edition": edition,
        "track": track,
        "team": team,
        "system": system,
        "description": description,
        "contact": contact,
        "licence": licence,
    }
    more = {"networks": networks, "doi": doi, "orcids": orcids, "draw_of": draw_of}
    about |= {name: value for name, value in more.items() if value}
    problems = check_fields(about)
    if problems:
        raise SubmissionError(*problems)
    with whole_file(folder / DESCRIPTION) as temporary:
        temporary.write_text(_text(about), encoding="utf-8")


def _licence(value: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,39}", value, re.ASCII):
        return None
    return "an SPDX name such as MIT or CC-BY-4.0, or 'proprietary'"


def _networks(value: str) -> str | None:
    one = r"[A-Za-z0-9._-]{1,40}@[0-9a-f]{8,64}"
    if re.fullmatch(rf"{one}(,{one}){{0,7}}", value, re.ASCII):
        return None
    return "NAME@SHA256 of up to 8 weight files, separated by commas, 8 to 64 hexadecimal digits each"


def _token(value: str) -> str | None:
    if re.fullmatch(r"[A-Za-z0-9_-]{20,100}", value, re.ASCII):
        return None
    return "the one that the organizers gave your team"


_FIELDS: dict[str, fields.Rule] = {
    "edition": fields.edition_name,
    "track": fields.track,
    "team": fields.name,
    "system": fields.name,
    "description": fields.line(500),
    "contact": fields.email,
    "licence": _licence,
}
_OPTIONAL: dict[str, fields.Rule] = {
    "networks": _networks,
    "doi": fields.doi,
    "orcids": fields.orcids,
    "draw_of": fields.name,
    TOKEN: _token,
}


def check_fields(about: Mapping[str, object]) -> list[str]:
    """Return what is wrong with the fields of `submission.json`, one line each.

    Examples
    --------
    >>> good = dict.fromkeys(_FIELDS, "attack") | {"edition": "a/1", "contact": "a@b.org"}
    >>> check_fields(good), check_fields(good | {"team": "../x"})[0][:35]
    ([], "submission.json: team is '../x'; ex")
    """
    problems = []
    for field, expected in (_FIELDS | _OPTIONAL).items():
        if field not in about and field in _OPTIONAL:
            continue
        if field not in about:
            problems.append(f"{DESCRIPTION}: {field} is missing")
        elif not isinstance(value := about[field], str):
            problems.append(f"{DESCRIPTION}: {field} is a {type(value).__name__}; expected text")
        elif (wanted := expected(value)) is not None:
            said = "none" if field == TOKEN else shown(value)  # nearly one is as secret
            problems.append(f"{DESCRIPTION}: {field} is {said}; expected {wanted}")
    if "networks" in about and about.get("track") == "defacing":
        problems.append(f"{DESCRIPTION}: networks is there; expected it of attack and attributes only")
    if "draw_of" in about:
        if about.get("track") != "defacing":
            problems.append(f"{DESCRIPTION}: draw_of is there; expected it of defacing only")
        if (wanted := fields.not_itself(about["draw_of"], about.get("system"))) is not None:
            problems.append(f"{DESCRIPTION}: draw_of is {shown(str(about['draw_of']))}; expected {wanted}")
    known = _FIELDS | _OPTIONAL
    unknown = [shown(field) for field in about if field not in known]
    if unknown:
        problems.append(
            f"{DESCRIPTION}: unknown fields {', '.join(unknown[:5])}; expected only {', '.join(known)}"
        )
    return problems


def read_description(folder: Path, edition: Edition, is_link: bool) -> tuple[dict[str, str], list[str]]:
    """Read `submission.json` and compare it with the edition; a zip may have had a link in its place.

    Returns
    -------
    about : dict
        Edition, track, team, system, description, contact, licence and, where declared, networks, doi,
        orcids and draw_of, all text; not the team's token. With problems, the track alone, or nothing if the
        edition has no such one.
    problems : list of str
        Everything that is wrong with it.
    """
    path = folder / DESCRIPTION
    if is_link or path.is_symlink():
        return {}, [f"{DESCRIPTION}: is a link; expected a file"]
    if not path.exists():
        makers = "'mriprivacy deface', 'attack' and 'infer' write one"
        return {}, [f"{DESCRIPTION}: no such file; expected it at the top of the submission: {makers}"]
    try:
        about = read_json_object(path, name=DESCRIPTION)
    except UserError as error:
        return {}, list(error.problems)
    problems = check_fields(about)
    if not problems:
        if about["edition"] != edition.name:
            problems.append(f"{DESCRIPTION}: edition is {about['edition']}; this edition is {edition.name}")
        if about["track"] not in edition.tracks:
            problems.append(
                f"{DESCRIPTION}: track is {about['track']}; this edition has {', '.join(edition.tracks)}"
            )
    if not problems:
        return {field: said for field, said in about.items() if field != TOKEN}, []
    return ({"track": about["track"]} if about.get("track") in edition.tracks else {}), problems


def read_token(folder: Path) -> str:
    """Return the team's token in a `submission.json` without problems; empty if it has none."""
    return str(read_json_object(folder / DESCRIPTION, name=DESCRIPTION).get(TOKEN, ""))


def without_token(folder: Path) -> str:
    """Return the text of a `submission.json` as the kit writes it, without the token."""
    about = read_json_object(folder / DESCRIPTION, name=DESCRIPTION)
    return _text({field: said for field, said in about.items() if field != TOKEN})


def _text(about: Mapping[str, object]) -> str:
    return json.dumps(about, indent=2, ensure_ascii=False) + "\n"


def read_claims(folder: Path) -> dict[str, str]:
    """Return those of `track`, `team` and `system` in `submission.json` that are well formed, if any."""
    path = folder / DESCRIPTION
    try:
        about = {} if path.is_symlink() else read_json_object(path, name=DESCRIPTION)
    except UserError:
        return {}
    claimed = {field: about.get(field) for field in ("track", "team", "system")}
    return {f: said for f, said in claimed.items() if isinstance(said, str) and _FIELDS[f](said) is None}


def describe_reference(
    folder: Path,
    edition: str,
    track: str,
    system: str,
    how: str = "",
    networks: str = "",
    draw_of: str = "",
) -> None:
    """Write the `submission.json` of a reference system, which goes through the same door as anybody's."""
    about = f": {how}" if how and how != system else ""
    write_submission_json(
        folder,
        edition=edition,
        track=track,
        team="reference",
        system=system,
        description=f"Reference system {system} of mriprivacy{about}."[:500],
        contact="reference@mriprivacy.example",
        licence="MIT",
        networks=networks,
        draw_of=draw_of,
    )
