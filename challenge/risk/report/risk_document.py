"""The report of an assessment as files for programs: JSON, and the table of scans to send back."""

import json
from dataclasses import asdict
from typing import Any

from mriprivacy.challenge.leaderboard.tables import tsv
from mriprivacy.challenge.risk.assessment import Assessment
from mriprivacy.challenge.risk.report.risk_sections import summary

FORMAT = "mriprivacy risk 1"


def document(found: Assessment) -> dict[str, Any]:
    """Return everything as JSON has it: numbers as numbers, what is missing as null."""
    content: dict[str, Any] = plain(asdict(found))
    return {"format": FORMAT, **content, "summary": list(summary(found).points)}


def failures_table(found: Assessment) -> str:
    """Return the scans to send back as tab-separated text: scan, failure, details."""
    rows = [(one.name, kind, details) for one in found.failed for kind, details in one.failures]
    return tsv(("scan", "failure", "details"), rows)


def plain(value: Any) -> Any:
    """Return a value as JSON has it, without the counts of which risks are made."""
    if isinstance(value, dict):
        return {str(key): plain(own) for key, own in value.items() if not str(key).startswith("counts")}
    if isinstance(value, list | tuple):
        return [plain(own) for own in value]
    if isinstance(value, float):
        return None if value != value else round(value, 6)
    return value


def as_json(found: Assessment) -> str:
    """Return `document` as text."""
    return json.dumps(document(found), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
