"""The report of an assessment as a folder: what a person files, and what programs take."""

from pathlib import Path

from mriprivacy.challenge.risk.assessment import Assessment
from mriprivacy.challenge.risk.report.risk_document import as_json, failures_table
from mriprivacy.challenge.risk.report.risk_page import report_page
from mriprivacy.challenge.risk.report.risk_pdf import write_pdf
from mriprivacy.challenge.risk.shared_counts import as_shared
from mriprivacy.data_prep.formats.atomic import whole_folder


def write_report(found: Assessment, output: Path) -> None:
    """Write report.html, report.pdf, report.json, failures.tsv and counts.json into a new folder.

    Parameters
    ----------
    found : Assessment
        What is reported.
    output : Path
        The folder; it appears when all files are written.
    """
    with whole_folder(output) as folder:
        (folder / "report.json").write_text(as_json(found), encoding="utf-8")
        (folder / "report.html").write_text(report_page(found), encoding="utf-8")
        (folder / "counts.json").write_text(as_shared(found), encoding="utf-8")
        (folder / "failures.tsv").write_text(failures_table(found), encoding="utf-8")
        write_pdf(found, folder / "report.pdf")
