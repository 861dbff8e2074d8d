"""What Codabench starts, as a module, with the words REFERENCE SUBMISSION SCORES TRACK STEP COLUMNS."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from mriprivacy.challenge.export.codabench.old_scipy import adapt_to_old_scipy
from mriprivacy.challenge.intake.bounded_lines import bounded
from mriprivacy.challenge.intake.description import SubmissionError
from mriprivacy.data_prep.formats.atomic import write_whole
from mriprivacy.data_prep.formats.tables.foreign_text import one_line


def main(words: Sequence[str]) -> int:
    """Write the scores of a valid submission and return 0; write nothing for any other.

    Whatever stands in the folder of the scores can be downloaded by the participant, so nothing else is
    written there; standard error is shown too, and there is no other place. So every problem of the
    submission is reported; of any other error (the edition, a worker, this machine) its kind alone.
    """
    reference, submission, scores = (Path(word) for word in words[:3])
    adapt_to_old_scipy()
    from mriprivacy.challenge.export.columns import platform_scores
    from mriprivacy.challenge.export.scorer import score

    try:
        entry = score(reference, submission, words[3])
        found = platform_scores(entry, float(words[4]), words[5])
    except SubmissionError as error:
        for line in bounded(error.problems):
            print(line, file=sys.stderr)
        return 2
    except Exception as error:
        print(f"the scoring program failed ({type(error).__name__}); tell the organizers", file=sys.stderr)
        return 1
    for warning in entry.warnings:
        print(f"warning: {one_line(warning)}")
    for result in entry.results:
        print(one_line(result.signature))
    write_whole(scores, json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
