"""Everything of a challenge but its images, as one zip: the whole ranking is computed again from it.

An entry holds the figures of a system and its draws, by which systems are compared in pairs, so `rank` needs
no scan, no photograph, no score and no key. `edition.json` holds the protocol. The SHA-256 of MANIFEST.sha256
is the edition hash that every entry names.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.entry_file import LARGEST, read_entries
from mriprivacy.challenge.entry.schema import text as schema_text
from mriprivacy.data_prep.formats.atomic import write_whole
from mriprivacy.data_prep.formats.manifest import COMMITMENT, MANIFEST
from mriprivacy.data_prep.formats.strict_json import read_json_object
from mriprivacy.scoring.errors import UserError

# Of the public side: what it is, and what was promised. None of them shows a person.
ABOUT = ("edition.json", MANIFEST, COMMITMENT, "README.md", "CITATION.cff")
_README = """# Results of {name}

{count} systems. No image of anybody, no score of a trial and no label is in here.

    mriprivacy rank entries=entries output=board

makes LEADERBOARD.md and the site again, every rank and interval included. `entries/` has one JSON file for
each system, with its figures and draws; `entry.schema.json` is their schema. `edition/edition.json` holds the
protocol. Edition hash (sha256 of `edition/MANIFEST.sha256`): `{hash}`.
"""


def write_results(edition: Edition, entries: Path, folder: Path) -> Sequence[Entry]:
    """Write the entries of an edition and what is known of the edition.

    Parameters
    ----------
    edition : Edition
        The public side is all that is needed.
    entries : Path
        Folder of entries; those of other editions are left out.
    folder : Path
        Where to.

    Returns
    -------
    sequence of Entry
        What is in it.

    Raises
    ------
    UserError
        If an entry is none, names another hash of this edition, or there is no entry of it.
    """
    own = [entry for entry in read_entries(entries) if entry.edition == edition.name]
    if other := [entry for entry in own if entry.edition_hash != edition.hash]:
        raise UserError(
            f"{entries}/{other[0].path}: is of edition hash {other[0].edition_hash[:16]} ({len(other)} such "
            f"entries); expected {edition.hash[:16]}, that of {edition.root}"
        )
    if not own:
        raise UserError(f"{entries}: no entry of {edition.name}; expected those of this edition")
    for entry in own:
        # As its file says it, members of other kits included, so that its digest stays; not its bytes.
        content = read_json_object(entries / entry.path, name=entry.path, max_bytes=LARGEST)
        text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_whole(folder / "entries" / entry.path, text)
    for name in ABOUT:
        write_whole(folder / "edition" / name, (edition.root / name).read_text(encoding="utf-8"))
    write_whole(folder / "entry.schema.json", schema_text())
    readme = _README.format(name=edition.name, count=len(own), hash=edition.hash)
    write_whole(folder / "README.md", readme)
    return own
