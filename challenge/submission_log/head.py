"""How long a log is, kept beside it: a log that was cut, emptied or deleted is not a shorter log."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mriprivacy.data_prep.formats.atomic import sync, whole_file
from mriprivacy.data_prep.formats.fields import sha256 as is_sha256
from mriprivacy.data_prep.formats.strict_json import read_json_object
from mriprivacy.scoring.errors import UserError

HEAD = "submissions.head"
NOTHING = "0" * 64


class RecordError(UserError):
    """A log that is not what it was, or a submission over its limit."""


class OverLimitError(RecordError):
    """A submission over a limit: of its team, of all teams, or of the bits of the key.

    Attributes
    ----------
    public : str
        The same for the team, without advice to the organizer.
    """

    def __init__(self, *problems: str, public: str = "") -> None:
        super().__init__(*problems)
        self.public = public or problems[0]


@dataclass(frozen=True)
class Head:
    """What a log was when it was written last.

    Attributes
    ----------
    lines : int
        How many it had.
    sha256 : str
        Of its last line; 64 zeros for none.
    """

    lines: int
    sha256: str


def read_head(folder: Path) -> Head | None:
    """Return the head that stands beside a log; None where none does.

    Raises
    ------
    RecordError
        If the file is not as `write_head` writes it.
    """
    path = folder / HEAD
    if not path.exists():
        return None
    try:
        value = read_json_object(path, name=HEAD)
    except UserError as error:
        raise RecordError(f"{error.problems[0]}; {way_out(folder)}") from error
    lines, digest = value.get("lines"), value.get("sha256")
    if isinstance(lines, int) and isinstance(digest, str) and is_sha256(digest) is None:
        head = Head(lines, digest)
        if value == asdict(head) and not isinstance(lines, bool) and lines >= 0:
            return head
    raise RecordError(f"{HEAD}: is not a head as this kit writes it; {way_out(folder)}")


def write_head(folder: Path, head: Head) -> None:
    """Write the head of a log, and wait until the disk has it.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_head(folder, Head(0, NOTHING))
    >>> read_head(folder).lines
    0
    """
    with whole_file(folder / HEAD) as temporary:
        temporary.write_text(json.dumps(asdict(head)) + "\n", encoding="ascii")
        sync(temporary)
    sync(folder)


def way_out(folder: Path) -> str:
    """Say what to do about a log that is not what it was."""
    return (
        "put the folder back from your backup, or "
        f"'mriprivacy repair record={folder}' goes on from what is there and writes into the log that it did"
    )
