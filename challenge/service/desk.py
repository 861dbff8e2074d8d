"""One submission after the other, from the spool through intake, limits, evaluation and log to its answer."""

import errno
import sys
import traceback
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mriprivacy.challenge.entry.entry_file import write_entry
from mriprivacy.challenge.evaluation.context import Context
from mriprivacy.challenge.evaluation.evaluator import evaluate
from mriprivacy.challenge.export.columns import told_scores
from mriprivacy.challenge.intake.bounded_lines import bounded
from mriprivacy.challenge.intake.description import SubmissionError
from mriprivacy.challenge.intake.sender import SenderError, teams_of_entries
from mriprivacy.challenge.service.spool import Answer, Item
from mriprivacy.challenge.submission_log.admission import Turn
from mriprivacy.challenge.submission_log.evidence import as_received
from mriprivacy.challenge.submission_log.head import OverLimitError
from mriprivacy.challenge.submission_log.log import Limits
from mriprivacy.challenge.submission_log.organizer_key import signed

# A submission on which the service ended so often, without an answer, is not evaluated again. Long before, it
# comes behind all others (`spool.MANY`), so one that ends the service does not keep them waiting.
_MOST_ATTEMPTS = 25
_FAILED = Answer("failed", ("the evaluation ended more than once without an answer; tell the organizers",))


_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True)
class Desk:
    """Where submissions are evaluated.

    Attributes
    ----------
    context : Context
        Edition, key and means.
    record, output : Path
        As of `evaluate`: the log, and the folder of entries.
    limits : Limits
        A team's and all teams'.
    may : float
        Bits of the key that all answers may give away.
    signing_key : object
        The organizer's, which signs entries; None for none.
    """

    context: Context
    record: Path
    output: Path
    limits: Limits
    may: float
    signing_key: Any = None

    def answer(self, item: Item) -> bool:
        """Evaluate a submission and keep its answer; no error of one of them ends the service.

        Returns
        -------
        bool
            False if a disk is full: it has no answer then, and is to wait behind the others.
        """
        if not item.archive.is_file():  # an organizer removed it
            print(f"{item.ticket}: is gone", file=sys.stderr)
            return True
        try:
            self._answer(item)
        except OSError as error:
            print(f"{item.ticket}: {error.strerror}", file=sys.stderr)
            return error.errno not in _FULL
        return True

    def _answer(self, item: Item) -> None:
        if (ended := item.attempt()) >= _MOST_ATTEMPTS:
            print(f"{item.ticket}: the service ended {ended} times while it evaluated it", file=sys.stderr)
            item.keep(_FAILED)
            return
        try:
            answer = self._evaluated(item)
        except OverLimitError as error:
            answer = Answer("over limit", bounded([error.public]))
        except SenderError as error:
            answer = Answer("refused", bounded(error.problems), again=error.again)
        except SubmissionError as error:
            answer = Answer("refused", bounded(error.problems))
        except OSError as error:
            if error.errno in _FULL:
                raise
            answer = _failed(error)
        except Exception as error:
            answer = _failed(error)
        item.close(answer)

    def _evaluated(self, item: Item) -> Answer:
        edition = self.context.edition
        turn = Turn(self.record, edition, item.archive, self.limits, self.may, open_door=True)
        others = teams_of_entries(self.output, edition.name)
        with turn.entered("", others, self.context.compute, item.track) as (submission, received_on):
            evaluation = evaluate(self.context, submission)
            received = as_received(evaluation.entry, received_on, self.context.sealed)
            entry = signed(received, self.signing_key)
            evaluation = replace(evaluation, entry=entry)
            write_entry(self.output, entry)
            told = turn.close(evaluation, submission, self.context)
            # Of the warnings those of intake, which has no key.
            lines = [told.line, f"{edition.name}@{edition.hash[:8]}, mriprivacy {entry.kit}"]
            return Answer("evaluated", bounded([*lines, *submission.warnings]), told_scores(told, entry))


def _failed(error: Exception) -> Answer:
    """Print what ended an evaluation; its text may name what is secret, so a team reads that it did."""
    traceback.print_exception(error, file=sys.stderr)
    return Answer("failed", (f"the evaluation failed ({type(error).__name__}); tell the organizers",))
