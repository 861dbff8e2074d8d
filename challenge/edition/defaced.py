"""What an edition of defaced scans is made of: an edition, and a defacing submission to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mriprivacy.data_prep.formats import fields

# In `edition.json`, and in entries of attacks on such an edition.
RULES: Mapping[str, fields.Rule] = {
    "edition": fields.edition_name,
    "edition_hash": fields.sha256,
    "team": fields.name,
    "system": fields.name,
    "submission_sha256": fields.sha256,
}
CODE = fields.matching("[0-9a-f]{8}", "the code of a signature, 8 digits, 0-9 and a-f")


@dataclass(frozen=True)
class Defaced:
    """The system that defaced the scans of an edition.

    Attributes
    ----------
    edition, edition_hash : str
        Of the undefaced scans, as in an entry.
    team, system, submission_sha256 : str
        Of the defacing submission, as in its entry.
    code : str
        In an entry of an attack: the code that signatures of defacing systems had in the kit that evaluated
        it (`challenge.compute.code_hash.result_code`). Empty in an edition, and where no draws are made.
    """

    edition: str
    edition_hash: str
    team: str
    system: str
    submission_sha256: str
    code: str = ""

    @property
    def name(self) -> str:
        """The system, as boards name it."""
        return f"{self.team}/{self.system}"

    @classmethod
    def of_edition(cls, description: Mapping[str, Any]) -> "Defaced | None":
        """Return what an `edition.json` without problems says; None for an edition of undefaced scans.

        Examples
        --------
        >>> Defaced.of_edition({"id": "synth"}) is None
        True
        """
        value = description.get("defaced")
        return cls(**value) if value else None


def described(value: object) -> str | None:
    """Say what was expected of the member `defaced` of an `edition.json`; None if it is that.

    Examples
    --------
    >>> described({"edition": "synth/1"})
    'edition, edition_hash, team, system, submission_sha256, each as in an entry'
    """
    good = (
        isinstance(value, dict)
        and set(value) == set(RULES)
        and all(isinstance(value[name], str) and rule(value[name]) is None for name, rule in RULES.items())
    )
    return None if good else f"{', '.join(RULES)}, each as in an entry"
