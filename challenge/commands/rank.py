"""`mriprivacy rank`: turn entries into LEADERBOARD.md and the site."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mriprivacy.challenge.entry.entry_file import examine_entries
from mriprivacy.challenge.leaderboard.comparable import comparable
from mriprivacy.challenge.leaderboard.pages.glossary import Guide
from mriprivacy.challenge.leaderboard.pages.markdown import Section, leaderboard, sections
from mriprivacy.challenge.leaderboard.pages.terminal import boards, ranking
from mriprivacy.challenge.settings.printing import Printing, one_of_both, show, verdict_only
from mriprivacy.challenge.submission_log.evidence import Compared, compare_with_log
from mriprivacy.challenge.submission_log.log import LOG, Event, read_log
from mriprivacy.challenge.submission_log.organizer_key import compare_with_keys, public_keys
from mriprivacy.data_prep.formats.atomic import whole_file
from mriprivacy.data_prep.formats.problems import IncompleteError
from mriprivacy.data_prep.formats.settings import REQUIRED, same_setting, setting
from mriprivacy.scoring.errors import UserError


@dataclass
class RankSettings:
    """Keys of the command."""

    entries: str = setting(REQUIRED, "folder of entries")
    output: str = setting(REQUIRED, "folder for LEADERBOARD.md and site/")
    site: bool = setting(True, "also write the site; open site/index.html, or publish the folder")
    contact: str = setting("", 'address for submissions under "how to submit": e-mail, or a page')
    record: str = setting(
        "", "folder of the log of submissions, with which entries are compared; empty: none"
    )
    verify_with: str = setting(
        "", "file with public keys of organizers, with which signatures of entries are checked; empty: none"
    )
    home: str = setting("", "address of a page with the editions, the kit and its documentation")
    format: str = same_setting(Printing, "format")
    verbose: bool = same_setting(Printing, "verbose")
    quiet: bool = same_setting(Printing, "quiet")


check = one_of_both


def run(settings: RankSettings) -> None:
    """Write `<output>/LEADERBOARD.md` and `<output>/site` of the good entries, then raise for the others.

    Raises
    ------
    IncompleteError
        With one line for each entry that is left out, when the board of the others stands.
    UserError
        The same where none is good, and nothing is written.
    """
    folder = Path(settings.entries)
    examined = examine_entries(folder)
    keys = public_keys(Path(settings.verify_with)) if settings.verify_with else ()
    compared = compare_with_log(folder, examined.entries, _events(settings.record))
    verified = compare_with_keys(folder, compared.good, keys)
    entries, unlike = comparable(verified.good)
    problems = [*examined.problems, *compared.problems, *verified.problems]
    problems += [f"{folder}: {line}" for line in unlike]
    if not entries:
        raise UserError(*problems)
    path = Path(settings.output) / "LEADERBOARD.md"
    guide = Guide(settings.contact, settings.home)
    text = leaderboard(entries, guide)
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    evidence = [_evidence(settings.record, compared), *_signatures(settings.verify_with, verified)]
    more = [] if settings.verbose else ["verbose=true prints every rank and value"]
    files = [*more, f"{path}: {len(entries)} systems", *evidence]
    if settings.site:
        from mriprivacy.challenge.leaderboard.pages.site import write_site

        written = write_site(Path(settings.output) / "site", entries, guide)
        files.append(f"{written[0]}: {len(written)} files")
    made = sections(entries)
    files += [note for section in made for note in section.notes]
    show(boards(made), settings, files, _rankings(made) if settings.verbose else ())
    if problems:
        left_out = len(examined.problems) + len(examined.entries) - len(entries)
        if not verdict_only(settings):
            print(f"{path}: {left_out} entries are left out, which standard error names")
        raise IncompleteError(*(f"{problem}; left out" for problem in problems))


def _rankings(made: Sequence[Section]) -> list[str]:
    """Return the whole ranking of every edition."""
    return [f"{section.edition}\n{ranking(section.entries)}" for section in made]


def _events(record: str) -> tuple[Event, ...]:
    if not record:
        return ()
    if not (events := read_log(Path(record))):
        raise UserError(f"{record}: no {LOG} here; expected the record= of evaluate")
    return events


def _evidence(record: str, compared: Compared) -> str:
    """Say which entries could be compared with the log."""
    if not record:
        return "no entry was compared with a log of submissions; record=FOLDER compares them"
    checked = len(compared.good) - len(compared.unchecked)
    line = f"{checked} entries are what {LOG} says was evaluated"
    if not compared.unchecked:
        return line
    return f"{line}; it has no digest of {len(compared.unchecked)}: {', '.join(compared.unchecked)}"


def _signatures(verify_with: str, verified: Compared) -> list[str]:
    """Say whose signature could be checked; nothing where no entry has one and no key is given."""
    if not verify_with:
        having = sum(bool(entry.organizer_signature) for entry in verified.good)
        return [f"{having} entries have a signature that was not checked; verify_with=FILE checks"] * (
            having > 0
        )
    checked = len(verified.good) - len(verified.unchecked)
    line = f"{checked} entries are as an organizer of {verify_with} signed them"
    if verified.unchecked:
        line += f"; {len(verified.unchecked)} have no signature: {', '.join(verified.unchecked)}"
    return [line]
