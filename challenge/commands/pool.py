"""`mriprivacy pool`: one risk report from what several hospitals shared of theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mriprivacy.challenge.risk.pooled import pooled
from mriprivacy.challenge.risk.report.pooled_page import pooled_json, pooled_page, pooled_points
from mriprivacy.challenge.risk.shared_counts import SiteCounts, read_shared
from mriprivacy.data_prep.formats.atomic import free_place, whole_folder
from mriprivacy.data_prep.formats.problems import problems_of
from mriprivacy.data_prep.formats.settings import REQUIRED, setting
from mriprivacy.data_prep.formats.tables.foreign_text import one_line
from mriprivacy.scoring.errors import UserError


@dataclass
class PoolSettings:
    """Keys of the command."""

    counts: list[str] = setting(
        [],
        "counts.json of two hospitals or more, as risk wrote them, or results of containers with them",
    )
    output: str = setting(REQUIRED, "folder for pooled.html and pooled.json")


def check(settings: PoolSettings) -> None:
    """Raise if there is nothing to pool, or the output is there already."""
    free_place(Path(settings.output))
    if len(settings.counts) < 2:
        raise UserError(
            f"counts: {len(settings.counts)} files; expected counts.json of two hospitals or more: "
            "counts=[a/counts.json,b/counts.json]"
        )


def run(settings: PoolSettings) -> None:
    """Pool the counts and write the report."""
    found = pooled(_read([Path(name) for name in settings.counts]))
    with whole_folder(Path(settings.output)) as folder:
        (folder / "pooled.json").write_text(pooled_json(found), encoding="utf-8")
        (folder / "pooled.html").write_text(pooled_page(found), encoding="utf-8")
    for line in pooled_points(found):
        print(one_line(line))
    print(f"{settings.output}: pooled.html, pooled.json")


def _read(paths: Sequence[Path]) -> list[SiteCounts]:
    sites: list[SiteCounts] = []
    problems: list[str] = []
    for path in paths:
        try:
            sites.append(read_shared(path))
        except UserError as error:
            problems += problems_of(error)
    for place, one in enumerate(sites):
        twice = next((other for other in sites[:place] if other.rows == one.rows and one.rows), None)
        if twice is not None:
            problems.append(
                f"{one.name}: holds the counts of {twice.name}; expected each hospital once: "
                "take one of them out"
            )
    if problems:
        raise UserError(*problems)
    return sites
