"""`mriprivacy risk`: what recipients find in a release of defaced scans, as a report to file."""

from dataclasses import dataclass
from pathlib import Path

from mriprivacy.challenge.compute.folders import cache_folder
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.challenge.risk.assessment import Terms, assess
from mriprivacy.challenge.risk.report.report_folder import write_report
from mriprivacy.challenge.risk.report.risk_sections import summary
from mriprivacy.data_prep.formats.atomic import free_place
from mriprivacy.data_prep.formats.settings import REQUIRED, group, setting
from mriprivacy.data_prep.formats.tables.foreign_text import one_line
from mriprivacy.scoring.errors import UserError


@dataclass
class RiskSettings:
    """Keys of the command."""

    original: str = setting(REQUIRED, "folder of scans before defacing: a BIDS dataset, or NIfTI files")
    released: str = setting(REQUIRED, "folder of the same scans after defacing, under the same names")
    output: str = setting(
        REQUIRED, "folder for report.html, report.pdf, report.json, failures.tsv and counts.json"
    )
    photos: str = setting("", "folder of photographs named after people, such as sub-01.jpg; empty: none")
    release: str = setting("", "name of the release, for the title")
    defaced_with: str = setting("", "program and version that defaced the scans, for the report")
    recipients: str = setting("", "who receives the scans and under which terms, for the report")
    cache: str = setting("", "folder in which features are kept; empty: the user's own cache folder")
    compute: Compute = group(Compute, "loky")


def check(settings: RiskSettings) -> None:
    """Raise if the output cannot be made, or if what shows or names people would be part of the release."""
    free_place(Path(settings.output))
    released = Path(settings.released).resolve()
    for key in ("output", "cache"):
        place = getattr(settings, key)
        if place and Path(place).resolve().is_relative_to(released):
            raise UserError(
                f"{key}={place}: lies in released={settings.released}, but holds what names people and stays "
                "with the hospital; expected a folder outside of the release"
            )
    if settings.photos and Path(settings.photos).resolve().is_relative_to(released):
        raise UserError(
            f"photos={settings.photos}: lies in released={settings.released}, so the photographs are part of "
            f"the release; expected them outside of {settings.released}: move them"
        )


def run(settings: RiskSettings) -> None:
    """Assess a release and write the report."""
    found = assess(
        Path(settings.original),
        Path(settings.released),
        Path(settings.photos) if settings.photos else None,
        Terms(settings.release, settings.defaced_with, settings.recipients),
        cache_folder(settings.cache),
        settings.compute,
    )
    write_report(found, Path(settings.output))
    for line in (*summary(found).points, *found.remarks):
        print(one_line(line))
    print(f"{settings.output}: report.html, report.pdf, report.json, failures.tsv: they name people")
    print(f"{settings.output}: counts.json: names no person; mriprivacy pool adds those of several hospitals")
