"""One submission's way through the record: admitted or refused, evaluated, told its score or not."""

import math
from collections.abc import Iterator, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.entry.entry import Entry, sound, unreadable
from mriprivacy.challenge.entry.entry_file import entry_digest
from mriprivacy.challenge.evaluation.context import Context, Evaluation
from mriprivacy.challenge.intake.description import SubmissionError
from mriprivacy.challenge.intake.expected_files import bounded_digest
from mriprivacy.challenge.intake.sender import SenderError, check_name, check_sender
from mriprivacy.challenge.intake.submission import Submission, received
from mriprivacy.challenge.submission_log import ladder
from mriprivacy.challenge.submission_log.budget import OPEN_KEY, SHOWN_RANGE, edition_budget, log_bits, shown
from mriprivacy.challenge.submission_log.evidence import check_begin
from mriprivacy.challenge.submission_log.log import Event, Limits, admit, append, locked, read_log
from mriprivacy.challenge.submission_log.tokens import TEAMS, holder_of, read_hashes
from mriprivacy.data_prep.formats.manifest import file_sha256
from mriprivacy.scoring.errors import UserError


def allowed(context: Context, limits: Limits, record: Path, output: Path) -> tuple[float, list[str]]:
    """Return the bits of the key that all answers may give away, and notes for the organizer.

    Raises
    ------
    UserError
        If the limits are beyond what the key can bear, or entries are there and the log that they came from
        is not.
    """
    edition = context.edition
    answer = max(log_bits(track, limits) for track in edition.tracks)
    budget = edition_budget(edition, context.sealed, answer)
    if problems := budget.problems(limits):
        raise UserError(*problems)
    notes = [note for note in [check_begin(record, output, edition.name)] if note]
    if limits.open_key:
        return math.inf, [*notes, OPEN_KEY]
    return budget.may, notes


@dataclass(frozen=True)
class Told:
    """What a team reads of an evaluation.

    Attributes
    ----------
    score : float or None
        Published for this submission, by the lower end of its step; None if there is none.
    best : float or None
        Published last to the team, for this submission or an earlier one; None if the team has no score, or
        if this submission is not ranked.
    line : str
        In words.
    """

    score: float | None
    best: float | None
    line: str


@dataclass(frozen=True)
class Turn:
    """A submission and the record that it is entered in.

    Attributes
    ----------
    folder : Path
        The record: the log, and what earlier submissions reached.
    edition : Edition
        What it is sent for.
    path : Path
        The folder or zip that was sent.
    limits : Limits
        How many a team, and all teams, may have evaluated.
    may : float
        Bits of the key that all answers together may give away.
    open_door : bool
        Whether it came through a door where anybody may knock: then it needs its team's token. Elsewhere
        one is asked for only if teams have any, and the organizer does not say who sent it.
    """

    folder: Path
    edition: Edition
    path: Path
    limits: Limits
    may: float = math.inf
    open_door: bool = False

    def refuse(self, team: str, error: SubmissionError) -> None:
        """Log that intake refused it; `team` as the organizer knows it, since the submission may lie."""
        says = {name: error.claimed.get(name, "n/a") for name in ("track", "team", "system")}
        digest = "n/a" if self.path.is_file() else bounded_digest(self.path)
        event = Event(
            "refused",
            self.edition.name,
            says["track"],
            team or says["team"],
            says["system"],
            digest,
            self._archive(),
            len(error.problems),
        )
        with locked(self.folder):
            append(self.folder, event)

    @contextmanager
    def entered(
        self, sender: str, others: Set[str], compute: Compute, track: str = ""
    ) -> Iterator[tuple[Submission, str]]:
        """Give the submission once intake, its name and the limits let it in, and the day it first was.

        Whatever is refused is logged, and so is an evaluation in the block that ends in an error. What comes
        without its team's token leaves no line in the log.

        Parameters
        ----------
        sender : str
            The team that sent it, if the organizer knows; the submission may lie.
        others : set of str
            Teams that have entries.
        compute : Compute
            Who opens the scans.
        track : str
            The only one that is let in; empty for any.
        """
        try:
            teams = self.folder / TEAMS
            if self.open_door or (not sender and read_hashes(teams)):
                check_sender(self.path, self.edition, track, partial(holder_of, teams))
            with received(self.path, self.edition, compute, track) as submission:
                check_name(submission, sender, others | self.teams(), from_outside=True)
                received_on = self.admit(submission)
                with self.attempted(submission):
                    yield submission, received_on
        except SenderError:
            raise
        except SubmissionError as error:
            if self.path.exists():  # a slip of the organizer's is nothing that a team sent
                self.refuse(sender, error)
            raise

    @contextmanager
    def attempted(self, submission: Submission) -> Iterator[None]:
        """Log it if the evaluation in the block ends in an error: it was accepted, and counts as such."""
        try:
            yield
        except Exception:
            with suppress(OSError), locked(self.folder):  # the disk may be full; the error is what matters
                append(self.folder, self._event("failed", submission, submission.sha256))
            raise

    def teams(self) -> set[str]:
        """Return the teams of which a submission was accepted."""
        return {event.team for event in read_log(self.folder) if event.event == "accepted"}

    def admit(self, submission: Submission) -> str:
        """Log that intake accepted it and return the day it first was; RecordError if over a limit."""
        bits = round(log_bits(submission.track, self.limits), 4)
        event = replace(self._event("accepted", submission, submission.sha256), bits=bits)
        return admit(self.folder, event, self.limits, may=self.may).time[:10]

    def close(self, evaluation: Evaluation, submission: Submission, context: Context) -> Told:
        """Log the evaluation, with the score if it may be reported; return the report to the team.

        What is not ranked has no score: no attacker counts, or it fails the brain gate.

        What was logged once is not logged again, so an evaluation that is repeated tells nothing new; only
        an entry that is another than before is.
        """
        entry = evaluation.entry
        if entry.track != "attributes" and not sound(entry):
            return self._without_score(entry)
        reached = ladder.standing(evaluation, submission, context)
        ladder.keep(self.folder, entry.submission_sha256, reached)
        with locked(self.folder):
            events = read_log(self.folder)
            done = self._evaluated(events, entry)
            before = events[: done.number - 1] if done else events
            best = ladder.best_published(before, entry.edition, entry.track, entry.team)
            if not done:
                score = shown(reached.value, self.limits.step, *SHOWN_RANGE[entry.track])
                better = self._improves(reached, score, best, entry.track, context)
                event = replace(
                    self._event("evaluated", entry, entry.submission_sha256),
                    score=score if better else None,
                    entry=entry_digest(entry),
                )
                done = append(self.folder, event)
            else:
                self._evaluated_again(events, entry)
        step = f"{self.limits.step:g}"
        if done.score is None:
            no = f"evaluated; no improvement beyond its standard error and a step of {step}"
            return Told(None, best.score if best else None, no)
        return Told(done.score, done.score, f"evaluated; score {done.score} (lower end of a step of {step})")

    def _without_score(self, entry: Entry) -> Told:
        with locked(self.folder):
            events = read_log(self.folder)
            if self._evaluated(events, entry):
                self._evaluated_again(events, entry)
            else:
                event = self._event("evaluated", entry, entry.submission_sha256)
                append(self.folder, replace(event, entry=entry_digest(entry)))
        why = "no attacker passed the audit and saw a head"
        if entry.rated:
            gate = "not every scan passed the brain gate"
            why = "it plays a game" if entry.games else unreadable(entry) or gate
        return Told(None, None, f"evaluated; no score, since {why}")

    @staticmethod
    def _evaluated(events: tuple[Event, ...], entry: Entry) -> Event | None:
        done = [e for e in events if (e.event, e.submission) == ("evaluated", entry.submission_sha256)]
        return done[0] if done else None

    def _evaluated_again(self, events: tuple[Event, ...], entry: Entry) -> None:
        """Log an entry that is not the one logged last of this submission, as another kit makes it."""
        digest = entry_digest(entry)
        known = [e.entry for e in events if e.entry and e.submission == entry.submission_sha256]
        if known[-1:] != [digest]:
            again = self._event("evaluated again", entry, entry.submission_sha256)
            append(self.folder, replace(again, entry=digest))

    def _improves(
        self, reached: ladder.Reached, score: float, best: Event | None, track: str, context: Context
    ) -> bool:
        if best is None:
            return True
        assert best.score is not None
        if not (score > best.score if ladder.HIGHER[track] else score < best.score):
            return False  # too little to be seen
        old = ladder.load(self.folder, best.submission)
        error = ladder.paired_standard_error(track, reached, old, context)
        return ladder.improves(track, reached, old, error)

    def _event(self, event: str, of: Submission | Entry, sha256: str) -> Event:
        return Event(event, self.edition.name, of.track, of.team, of.system, sha256, self._archive())

    def _archive(self) -> str:
        return file_sha256(self.path) if self.path.is_file() else "n/a"
