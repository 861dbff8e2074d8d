"""An edition of noise has no metadata leak; one with a planted cue has."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from numpy.typing import NDArray

from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.evaluation.checks.metadata_leak import metadata_leaks
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from tests.helpers.planted_cue import plant_brightness
from tests.helpers.tiny_cohort import write_tiny_cohort

CONFIG = EditionConfig(id="tiny", seed=3, hair_removal="given")


def audit(cohort: Path, output: Path) -> dict[str, tuple[float, float, float]]:
    build_edition(cohort, output, CONFIG)
    reports = metadata_leaks(open_edition(output), open_sealed(output), n_bootstrap=200)
    return {name: (report.auc.low, report.auc.value, report.auc.high) for name, report in reports.items()}


def test_noise_gives_nothing_away_and_brightness_does(tmp_path: Path) -> None:
    """In any condition of the photographs: who removes hair may leave a trace, too."""
    cohort = write_tiny_cohort(tmp_path / "cohort", 18)
    fair = audit(cohort, tmp_path / "fair")
    assert set(fair) == {"nearest", "trained", "nearest, bald", "trained, bald"}
    for low, _, high in fair.values():
        assert low <= 0.5 <= high
    for condition, name in (("raw", ""), ("bald", ", bald")):
        planted = Path(shutil.copytree(cohort, tmp_path / f"planted-{condition}"))
        plant_brightness(planted, condition)
        found = audit(planted, tmp_path / f"unfair-{condition}")
        for attack in ("nearest", "trained"):
            low, value, _ = found[attack + name]
            assert value > 0.7
            assert low > 0.5


def test_no_file_is_opened_twice(tiny_edition: Edition, tiny_edition_folder: Path) -> None:
    opened: Counter[Path] = Counter()

    def counted(job: tuple[Callable[[Path, float], NDArray], Path, float]) -> NDArray:
        opened[job[1]] += 1
        return job[0](*job[1:])

    with patch("mriprivacy.challenge.evaluation.checks.metadata_leak._fact", counted):
        metadata_leaks(tiny_edition, open_sealed(tiny_edition_folder), n_bootstrap=100)
    assert set(opened.values()) == {1}
    assert len(opened) == 10 + 2 * 15
