"""`mriprivacy serve-scores`: evaluate what platforms forward, on the machine that has the key."""

import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from mriprivacy.challenge.compute.folders import cache_folder
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.encryption import opened
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.protocol import read_protocol
from mriprivacy.challenge.edition.public import open_edition, public_folder
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.intake.archive import largest_archive
from mriprivacy.challenge.intake.expected_files import largest_sizes
from mriprivacy.challenge.intake.sender import check_sender, name_problem, teams_of_entries
from mriprivacy.challenge.release.published import standard_note
from mriprivacy.challenge.service.desk import Desk
from mriprivacy.challenge.service.server import Desktop, make_server
from mriprivacy.challenge.service.spool import ticket_secret
from mriprivacy.challenge.submission_log.admission import allowed
from mriprivacy.challenge.submission_log.log import Limits, read_log
from mriprivacy.challenge.submission_log.organizer_key import signing_key
from mriprivacy.challenge.submission_log.tokens import PLATFORMS, TEAMS, holder_of, new_token, read_hashes
from mriprivacy.data_prep.formats.atomic import private_folder
from mriprivacy.data_prep.formats.fields import is_reserved
from mriprivacy.data_prep.formats.settings import REQUIRED, group, setting
from mriprivacy.scoring.errors import UserError

_FULL_DISK = 30  # seconds until what could not be written is tried again


@dataclass
class ServeScoresSettings:
    """Keys of the command."""

    edition: str = setting(REQUIRED, "folder of an edition with public/ and sealed/")
    record: str = setting(REQUIRED, "folder of the log of submissions; service/ in it has what arrived")
    output: str = setting("entries", "folder of entries; writes EDITION/TEAM__SYSTEM.json in it")
    new_token: str = setting("", "name of a platform: make its token, print it once, and end")
    new_team: str = setting("", "name of a team: the same; without its token a team cannot send")
    host: str = setting("127.0.0.1", "address to listen on; a proxy in front of it adds TLS")
    port: int = setting(8383, "port to listen on; 0: any free one", at_least=0, at_most=65535)
    cache: str = setting("", "folder in which features are kept; empty: the user's own cache folder")
    identity: str = setting("", "file with the secret key of a locked edition")
    sign_with: str = setting("", "file with the secret key that signs entries; empty: not signed")
    limits: Limits = field(default_factory=Limits)
    compute: Compute = group(Compute, "loky")


def run(settings: ServeScoresSettings) -> None:
    """Make a token, or serve until the process ends; the next one goes on with what is spooled."""
    home = private_folder(private_folder(Path(settings.record)) / "service")
    if settings.new_token and settings.new_team:
        raise UserError("serve-scores: new_token and new_team are both given; expected one of them")
    if settings.new_token:
        _make_token(home / PLATFORMS, settings.new_token)
        return
    if settings.new_team:
        teams = Path(settings.record) / TEAMS
        edition = open_edition(Path(settings.edition), images=False)
        known = {event.team for event in read_log(teams.parent) if event.event == "accepted"}
        known |= {*read_hashes(teams), *teams_of_entries(Path(settings.output), edition.name)}
        if problem := name_problem(settings.new_team, settings.new_team, known, from_outside=True):
            raise UserError(f"serve-scores: {problem}")
        if is_reserved(settings.new_team):
            raise UserError(
                f"serve-scores: new_team is {settings.new_team}, a name for the kit's own systems"
            )
        _make_token(teams, settings.new_team)
        return
    if not read_hashes(home / PLATFORMS):
        raise UserError(
            f"serve-scores: {home} has no token; expected one for each platform: first "
            f"mriprivacy serve-scores edition={settings.edition} record={settings.record} new_token=codabench"
        )
    try:
        with (
            FileLock(home / ".lock", timeout=0, mode=0o600),
            opened(Path(settings.edition), Path(settings.identity) if settings.identity else None) as root,
        ):
            _serve(settings, root, home)
    except Timeout as error:
        raise UserError(f"serve-scores: another one serves {settings.record}; end it first") from error


def _make_token(file: Path, holder: str) -> None:
    again = holder in read_hashes(file)
    print(new_token(file, holder))
    print(f"token of {holder}; it is shown once, and kept as a hash", file=sys.stderr)
    if again:
        print(f"the earlier token of {holder} ended", file=sys.stderr)


def _serve(settings: ServeScoresSettings, root: Path, home: Path) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that an unlocked key is removed
    edition = open_edition(root)
    if problems := verify_edition(root):
        raise UserError(*problems)
    context = Context(
        edition,
        open_sealed(root),
        read_protocol(edition.description),
        cache_folder(settings.cache),
        settings.compute,
    )
    record, output = Path(settings.record), Path(settings.output)
    may, notes = allowed(context, settings.limits, record, output)
    key = signing_key(Path(settings.sign_with), [public_folder(root), output]) if settings.sign_with else None
    desk = Desk(context, record, output, settings.limits, may, key)
    teams = record / TEAMS
    desktop = Desktop(
        home,
        edition.tracks,
        largest_archive(largest_sizes(edition)),
        ticket_secret(home),
        lambda archive, track: check_sender(archive, edition, track, partial(holder_of, teams)),
    )
    left = desktop.resume()
    with make_server(desktop, settings.host, settings.port) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for note in filter(None, (*notes, standard_note(edition.key_of, "list" in edition.description))):
            print(note)
        if not read_hashes(teams):
            print("no team has a token, so nothing will be evaluated: make one with new_team=NAME")
        print(f"{edition.name}: {left} submissions of before are waiting")
        print(f"serving at http://{settings.host}:{server.server_port}; end it with Ctrl-C", flush=True)
        while True:
            item = desktop.next()
            if not desk.answer(item):
                time.sleep(_FULL_DISK)
                desktop.again(item)
