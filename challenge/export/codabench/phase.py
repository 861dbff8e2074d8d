"""What the organizer wants of a Codabench benchmark, and whether the platform and its people allow it."""

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.export.columns import Column, columns, told_columns
from mriprivacy.challenge.export.expected_cost import expected_cost
from mriprivacy.challenge.export.image_name import check_image_name
from mriprivacy.challenge.intake.submission import TABLES
from mriprivacy.challenge.submission_log.log import Limits
from mriprivacy.data_prep.formats.fields import email
from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.scoring.errors import UserError

# Python 3.12, numpy 1.26, scipy 1.11, scikit-learn 1.5, pandas 2.2: enough for the tracks of tables.
STOCK_IMAGE = "codalab/codalab-legacy:py312"
_QUEUE = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
DEFAULT_QUEUE_SECONDS = 600  # after which the platform's own workers end a run, whatever a bundle asks for
_OWN_QUEUE_SECONDS = 36_000
MARGIN = 60  # seconds before the end at which a forwarder gives up and says so


@dataclass(frozen=True)
class Service:
    """Where a bundle without a key forwards submissions to.

    Attributes
    ----------
    url : str
        Of `serve-scores`, as the platform's workers reach it.
    token : str
        The platform's; empty if the image has it as `MRIPRIVACY_TOKEN`.
    """

    url: str
    token: str


@dataclass(frozen=True)
class Phase:
    """What only the organizer knows.

    Attributes
    ----------
    track : str
        One bundle is for one track: Codabench ranks by one column.
    image : str
        Docker image that scores; empty for the stock one, which cannot score defacing.
    start, end : str
        `YYYY-MM-DD HH:MM:SS`, UTC; an empty end is none.
    contact : str
        E-mail address, or empty.
    with_data : bool
        Whether `public/` goes to the platform, for all who can see the benchmark.
    limits : Limits
        Submissions of a participant and of all, and how their scores are shown.
    columns : str
        As in `challenge.export.columns.columns`.
    queue : str
        Id of the organizer's own queue; empty for the platform's, which ends a run after 600 s.
    service : Service or None
        None for a rehearsal, with the key inside.
    """

    track: str
    image: str
    start: str
    end: str
    contact: str
    with_data: bool
    limits: Limits
    columns: str
    queue: str = ""
    service: Service | None = None

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns of the leaderboard, the one that decides first."""
        return told_columns(self.track) if self.service else columns(self.track, self.columns)

    @property
    def seconds(self) -> int:
        """How long a run may take."""
        if not self.queue:
            return DEFAULT_QUEUE_SECONDS
        return DEFAULT_QUEUE_SECONDS if self.track in TABLES and not self.service else _OWN_QUEUE_SECONDS


def check_people(edition: Edition, phase: Phase, give_key_away: bool) -> None:
    """Raise UserError if a bundle would publish what real people have not agreed to, without a word."""
    if edition.description.get("synthetic") is True:
        return
    real = f"export: edition.json of {edition.name} does not say synthetic: true, so its people are real"
    if not phase.service and not give_key_away:
        raise UserError(
            f"{real}. On Codabench all people who can see a benchmark can download the key; expected "
            "service=URL of mriprivacy serve-scores, which keeps the key at home. Or evaluate what arrives "
            "on your own machine (mriprivacy evaluate record=...). If everybody may have the key, give "
            "give_key_away=true"
        )
    if phase.with_data:
        raise UserError(
            f"{real}, and with_data=true gives their images to everybody, without an account; expected "
            "with_data=false: hand the images out under your own terms"
        )


def check_limits(edition: Edition, phase: Phase) -> list[str]:
    """Return what an organizer should know of a platform's limits before the upload.

    Raises
    ------
    UserError
        If an evaluation would be ended by the platform before it is done.
    """
    if phase.service:
        return [
            f"The worker waits {phase.seconds - MARGIN} s for the service. If its answer comes later, a "
            "participant gets it by sending the same submission again."
        ]
    cost = expected_cost(edition, phase.track)
    about = f"export: an evaluation takes {cost}"
    if not phase.queue and cost.seconds > DEFAULT_QUEUE_SECONDS:
        raise UserError(
            f"{about}; Codabench's own workers end it after {DEFAULT_QUEUE_SECONDS} s, whatever a bundle "
            "asks for; expected queue=ID of a queue with your own workers, or service=URL"
        )
    return [f"An evaluation takes {cost}; the limit is {phase.seconds} s, and the memory of the worker."]


def check_service(url: str) -> None:
    """Raise UserError unless a token may travel to a URL: https, or this machine."""
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    plain = not (parts.query or parts.fragment or parts.username or parts.password or url.endswith("/"))
    if not (parts.hostname and plain and (parts.scheme == "https" or (parts.scheme == "http" and local))):
        raise UserError(
            f"export: service is {shown(url, 100)}; expected https://HOST or https://HOST/PATH, without a "
            "slash at its end: a submission and the token travel to it"
        )


def check_words(phase: Phase) -> None:
    """Raise UserError for a queue or an address that the platform would refuse."""
    if phase.queue and not re.fullmatch(_QUEUE, phase.queue, re.ASCII):
        raise UserError(
            f"export: queue is {shown(phase.queue)}; expected its id (vhost), as the page of your queues "
            "shows it: 8-4-4-4-12 digits, 0-9 and a-f"
        )
    if phase.contact and (wanted := email(phase.contact)) is not None:
        raise UserError(f"export: contact is {shown(phase.contact, 100)}; expected {wanted}, or nothing")


def check_times(phase: Phase) -> None:
    """Raise UserError for a start or an end that is no time, or an end before the start."""
    for name, time in (("start", phase.start), ("end", phase.end)):
        if (name, time) == ("end", ""):
            continue
        try:
            datetime.fromisoformat(time if _DATE.fullmatch(time) else "")
        except ValueError as error:
            raise UserError(f"export: {name} is {time!r}; expected YYYY-MM-DD HH:MM:SS, in UTC") from error
    if phase.end and phase.end <= phase.start:
        raise UserError(f"export: end is {phase.end!r}; expected a time after start, {phase.start}")


def image_of(phase: Phase) -> str:
    """Return the image that scores; UserError if it cannot, or Docker would refuse its name."""
    if phase.track not in TABLES and not phase.image and not phase.service:
        raise UserError(
            "export: scoring defacing needs the whole kit, which Codabench's stock image has not; build an "
            "image from the Dockerfile of the kit, push it, and give image=YOU/mriprivacy:0.1.0; or give "
            "service=URL"
        )
    if phase.image:
        check_image_name(phase.image)
    return phase.image or STOCK_IMAGE
