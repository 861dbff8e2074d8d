"""What an evaluation found: an entry, one a system and edition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mriprivacy.challenge.edition.defaced import Defaced
from mriprivacy.challenge.entry.attacker import Attacker
from mriprivacy.data_prep.formats import fields
from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.scoring import Estimate
from mriprivacy.scoring.errors import UserError

DEFACED_SCANS, UNDEFACED_SCANS, PHOTOGRAPHS = "probes", "undefaced", "photo"
IMAGE_LISTS = (DEFACED_SCANS, UNDEFACED_SCANS, PHOTOGRAPHS)  # what attributes are predicted from
# Ignorant: the attack as it is. Adapted: it has seen dev defaced, and photographs, but no key. Informed: and
# the key of dev.
LEVELS = ("ignorant", "adapted", "informed")
CROSS_FITTED = "cross-fitted"  # trained on other people of eval, by the organizer's key
EVERY_LEVEL = (*LEVELS, CROSS_FITTED)
AGE = "age"  # is predicted in years
# Trial list of the attackers that are chosen for each person by what they do to other people.
CHOSEN = "chosen"
# In `Entry.presence`: the verdict that is a failure of the kit (`baselines.alignment.presence`), and those of
# these scans whose originals have the same verdict; of all scans, such a share is tolerated.
CANNOT_TELL, ORIGINAL_TOO = "cannot tell", "cannot tell, original too"
TOLERATED = 0.05
SUBMITTED = "submitted"  # level of what a participant sent
ORACLE = "oracle"  # level of what is no attacker: its input is the true attributes
# They become parts of paths.
_NAMES = {
    "edition": fields.edition_name,
    "edition_hash": fields.sha256,
    "track": fields.track,
    "team": fields.name,
    "system": fields.name,
}


class EntryError(UserError):
    """An entry that is none, one line for each field that is not as it must be."""


@dataclass(frozen=True)
class Result:
    """Figures of one attack on one trial list, or of one attribute.

    Attributes
    ----------
    attacker : Attacker
        Its attack and photo condition (`deepface(Dlib)+bald`), the submission's own scores, or an attribute;
        its level is one of `EVERY_LEVEL`, `submitted` for what a participant predicted, or `oracle` for what
        true attributes alone tell.
    trial_list : str
        `all`, `matched` (non-mated pairs agree in sex, age and ethnicity), `sex=F` and the like (scans
        of one group), `distractors` (non-mated trials are with distractors); for attributes `probes` (scans
        as they are judged), `undefaced` (the same scans as released) or `photo`.
    figures : mapping from str to Estimate
        By name of the metric; shares, not percent, and years where the name says so.
    counts : mapping from str to int
        Trials, subjects, failures to acquire and the like.
    signature : str
        How the figures were made (`scoring.Signature`).
    rates : bool
        Whether the attacker counts: not if it failed the audit, if it acquired no face, for a group, or for a
        reference line.
    """

    attacker: Attacker
    trial_list: str
    figures: Mapping[str, Estimate]
    counts: Mapping[str, int]
    signature: str
    rates: bool = True

    @property
    def name(self) -> str:
        """Name of the attacker, without its level."""
        return self.attacker.name

    @property
    def level(self) -> str:
        """Level of the attacker."""
        return self.attacker.level


@dataclass(frozen=True)
class Gate:
    """What the brain gate found in the scans of a defacing system.

    Attributes
    ----------
    passed, scans : int
        How many passed, of how many. Scans in whose original no brain is found are not counted.
    unchanged : int
        How many are the original.
    worst_changed : float
        Largest share of a brain that was changed.
    failed : tuple of str
        Probes that failed any gate but that of being unchanged.
    estimated : int
        In how many scans the brain is an estimate.
    """

    passed: int
    scans: int
    unchanged: int
    worst_changed: float
    failed: tuple[str, ...] = ()
    estimated: int = 0


@dataclass(frozen=True)
class Check:
    """One question of the audit to one attacker.

    Attributes
    ----------
    question : str
        What was asked.
    attacker : str
        An `Attacker` as it prints, or `everybody`.
    value, low, high : float
        The figure and what it may be off by.
    passed : bool
        Whether the answer is as it must be.
    """

    question: str
    attacker: str
    value: float
    low: float
    high: float
    passed: bool


@dataclass(frozen=True)
class Entry:
    """An evaluated submission.

    Attributes
    ----------
    edition, edition_hash : str
        Name and sha256 of the manifest.
    synthetic : bool
        Whether the people of the edition are synthetic, as the edition declares.
    track, team, system, description : str
        As submitted.
    submission_sha256 : str
        Of the submission's names and contents.
    results : tuple of Result
        Every figure.
    gate : Gate or None
        Of a defacing system; None for other tracks, and where no original has a brain.
    checks : tuple of Check
        The audit of attackers and of classifiers of attributes; empty for other tracks.
    warnings : tuple of str
        What intake and evaluation noted.
    kit : str
        Version of the kit.
    seconds : mapping from str to float
        Wall time by step; the only part that differs between two runs.
    utility : mapping from str to Estimate
        What a defacing system costs brain analysis (docs/explanation/utility.md); may be empty.
    face : mapping from str to Estimate
        What a defacing system leaves of faces, attackers apart: `kept_share`, the share of their voxels that
        are the original's; may be empty.
    presence : mapping from str to int
        Of a defacing system, scans of both splits by whether a face is there: every verdict of
        `baselines.alignment.presence`, and `ORIGINAL_TOO`; empty for other tracks and entries of older kits.
    games : tuple of str
        What a defacing system does to seem private without being it, a line each
        (`challenge.evaluation.checks.games`); it is not ranked then.
    draws : tuple of float
        AUC of the attacker that links best, in each draw of subjects (`challenge.evaluation.draws`): the
        same draws for
        every entry of an edition, so that entries are compared in pairs. Empty for attributes and where
        no attacker counts.
    exposure : str
        Name of the figure that rates the system (`scoring.exposure_figure`): `people_found_any` or, where the
        list is too small for FMR 1 %, `partial_auc`. Empty for attributes and for entries of older kits.
    exposure_draws : tuple of float
        That figure of the attacker that links most people, in the draws of `draws`.
    licence, citation : str
        Terms of the edition's images, and what to cite for it, as the edition declares; may be empty.
    released : str
        Day on which the edition was released, as it declares; may be empty.
    received : str
        Day on which the submission was accepted (UTC, `2026-01-31`), from the log of submissions; empty
        where none is kept.
    edition_doi : str
        DOI of the edition, as it declares; may be empty.
    doi, orcids : str
        As submitted: DOI of the method's paper or code, ORCID iDs of its authors separated by commas; may be
        empty.
    draw_of : str
        As submitted: of a further draw of a randomised defacing system, the system of the first draw, which
        has the same team (`challenge.leaderboard.system_draws`); or else empty.
    supersedes : str
        Name and hash of the edition whose place this one took, `synth/1@<sha256>`; empty for none.
    salt : str
        Bytes that only a holder of the nonce can compute, so that the digest confirms no guess of the key
        (`challenge.submission_log.evidence`); empty where no log is kept.
    defaced : Defaced or None
        Of an attack on an edition of defaced scans, whose they are (`challenge.leaderboard.best_known`).
    organizer_signature : str
        Of the entry's digest, by the organizer's key (`challenge.submission_log.organizer_key`), 128
        hexadecimal digits; empty where none was given.

    Raises
    ------
    EntryError
        If a name of which paths are made is none: nothing is ever written outside of its folder.
    """

    edition: str
    edition_hash: str
    synthetic: bool
    track: str
    team: str
    system: str
    description: str
    submission_sha256: str
    results: tuple[Result, ...]
    gate: Gate | None
    checks: tuple[Check, ...]
    warnings: tuple[str, ...]
    kit: str
    seconds: Mapping[str, float] = field(default_factory=dict)
    utility: Mapping[str, Estimate] = field(default_factory=dict)
    face: Mapping[str, Estimate] = field(default_factory=dict)
    presence: Mapping[str, int] = field(default_factory=dict)
    games: tuple[str, ...] = ()
    draws: tuple[float, ...] = ()
    exposure: str = ""
    exposure_draws: tuple[float, ...] = ()
    licence: str = ""
    citation: str = ""
    released: str = ""
    received: str = ""
    supersedes: str = ""
    salt: str = ""
    edition_doi: str = ""
    doi: str = ""
    orcids: str = ""
    draw_of: str = ""
    defaced: Defaced | None = None
    organizer_signature: str = ""

    def __post_init__(self) -> None:
        asked = [(name, getattr(self, name), rule) for name, rule in _NAMES.items()]
        wrong = [
            f"{name} is {shown(str(value))}; expected {wanted}"
            for name, value, rule in asked
            if (wanted := rule(str(value))) is not None
        ]
        if wrong:
            raise EntryError(*wrong)

    @property
    def path(self) -> str:
        """Where the entry lies below the folder of entries: `EDITION/TEAM__SYSTEM.json`."""
        return f"{self.edition.replace('/', '-')}/{self.team}__{self.system}.json"

    @property
    def rated(self) -> bool:
        """Whether any attacker on all trials counts; a classifier of attributes does not link."""
        return any(result.rates and result.trial_list == "all" for result in self.results)

    def strongest(self, trial_list: str = "all") -> Result:
        """Return the result of the attacker that links most people on a trial list, by `exposure`, then AUC.

        A defacer is rated by it: an average over attackers would reward withstanding weak ones. On all
        trials that is the result `CHOSEN`, where there is one; its attacker was chosen most often.
        Attackers that failed the audit are asked only if every one did (`rated` is False then).
        """
        if trial_list == "all" and (chosen := [r for r in self.results if r.trial_list == CHOSEN]):
            return chosen[0]
        on_list = [r for r in self.results if r.trial_list == trial_list and r.level != ORACLE]
        return strongest([result for result in on_list if result.rates] or on_list, self.exposure)

    def strongest_of(self, level: str) -> Result | None:
        """Return the same of one level on all trials; None where it has no attacker."""
        own = [r for r in self.results if r.trial_list == "all" and r.level == level]
        return strongest([r for r in own if r.rates] or own, self.exposure) if own else None


def strongest(results: Sequence[Result], exposure: str) -> Result:
    """Return the result of the attacker that links most people by the figure `exposure`, then by AUC."""

    def strength(result: Result) -> tuple[float, float]:
        own = result.figures.get(exposure)  # none on a list too short for it
        return (own.value if own else 0.0, result.figures["auc"].value)

    return max(results, key=strength)


def may_be_ranked(entry: Entry) -> bool:
    """Return whether an attacker of a system counts and, of a defacing system, whether it passed the gate.

    One that plays a game is not ranked, nor one whose scans the kit cannot read. Further draws of a system
    are not ranked beside it.
    """
    return not entry.draw_of and sound(entry)


def sound(entry: Entry) -> bool:
    """Return the same of the scans alone, of whichever draw of a system they are."""
    readable = entry.rated and not entry.games and not unreadable(entry)
    return readable and (entry.track != "defacing" or gate_passed(entry))


def unreadable(entry: Entry) -> str:
    """Say why a system is not ranked for scans of which it is unknown whether a face is left; else empty.

    What the kit cannot read is not private. A scan that can be read in the original and not as it was sent
    is no fault of the edition: none is tolerated. Of those that cannot be read in the original either, one in
    twenty is. So a system gains nothing by making a scan unreadable, whichever it is.
    """
    scans = sum(n for verdict, n in entry.presence.items() if verdict != ORIGINAL_TOO)
    both = entry.presence.get(ORIGINAL_TOO, 0)
    own = entry.presence.get(CANNOT_TELL, 0) - both
    if own:
        return f"cannot tell in {own} of {scans} scans whether a face is left; their originals can be read"
    if both > TOLERATED * scans:
        return f"cannot tell in {both} of {scans} scans, nor in their originals, whether a face is left"
    return ""


def gate_passed(entry: Entry) -> bool:
    """Return whether a defacing system left the brain of every scan alone (and changed something else)."""
    return entry.gate is not None and entry.gate.passed == entry.gate.scans
