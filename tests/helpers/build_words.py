"""Words of a build of the tiny edition."""

from pathlib import Path

from tests.helpers.engine import ENGINE_WORDS

TERMS = ["edition.version=1", "edition.licence=CC-BY-NC-4.0", "edition.citation='Us, 2026'"]


SEED = 2**127 + 11  # no JSON, float or 64-bit integer on its way may round it


def words(cohort: Path, output: Path) -> list[str]:
    return [
        "build",
        f"cohort.root={cohort}",
        "edition.hair_removal=given",
        "edition.id=tiny",
        f"seed={SEED}",
        f"output={output}",
        *ENGINE_WORDS,
    ]
