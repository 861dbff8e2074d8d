"""What a report says of few people, of recipients of different size, of tests not made; and on paper."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from mriprivacy.challenge.risk.assessment import Assessment, Terms
from mriprivacy.challenge.risk.control_rate import controlled_risk
from mriprivacy.challenge.risk.inference import Inferred
from mriprivacy.challenge.risk.recipients import NOTHING, PHOTOGRAPH, SCAN, Linkage
from mriprivacy.challenge.risk.report import risk_pdf
from mriprivacy.challenge.risk.report.risk_page import report_page
from mriprivacy.challenge.risk.report.risk_sections import ReportSection, sections
from mriprivacy.challenge.risk.scan_checks import CheckedScan
from mriprivacy.challenge.risk.singling_out import GALLERIES, single_out
from mriprivacy.scoring import Estimate

AUC = Estimate(0.5, 0.4, 0.6, 9)


def linkage(key: str, n: int, exposed: int = 0, trained: bool = False) -> Linkage:
    rng = np.random.default_rng(n)
    scores = rng.normal(size=(n, n)) + np.diag([9.0 * (i < exposed) for i in range(n)])
    names = [f"sub-{i}" for i in range(n)]
    seen = single_out(rng.normal(size=(n, n)) + 9 * np.eye(n), names)
    after = single_out(scores, names)
    what = f"{key} (T1w of two sessions)"
    return Linkage(key, what, trained, n, after, seen, AUC, AUC, ("geo, as it is",), "geo, as it is")


def assessment(*linked: Linkage) -> Assessment:
    checked = (CheckedScan("sub-0_T1w", "sub-0", "defaced", "whole", brain_change=0.0),)
    return Assessment(Terms(), 9, 1, 0, {"T1w": 1}, 0, 0, linked, (), checked, (), kit="0", date="2026-11-29")


def section(found: Assessment, key: str) -> ReportSection:
    return next(one for one in sections(found) if one.key == key)


def summary(found: Assessment) -> str:
    return " ".join(section(found, "summary").points)


def test_of_few_people_no_person_can_stand_out_and_the_report_says_so() -> None:
    found = assessment(linkage(PHOTOGRAPH, 10, exposed=1))
    assert "Worst off: not tested: it needs 11 people, this recipient looks for 10." in summary(found)
    assert any("not tested; it needs 11" in point for point in section(found, "singling_out").points)
    assert "Worst off: sub-0." in summary(assessment(linkage(PHOTOGRAPH, 11, exposed=1)))


def test_a_person_who_stands_out_for_another_recipient_is_in_the_summary() -> None:
    exposed, blind = linkage(PHOTOGRAPH, 24, exposed=1), linkage(SCAN, 24)
    assert exposed.after is not None
    assert blind.after is not None
    # The summary is of the recipient of the highest risk: here of one for whom no person stands out.
    high = replace(blind.after, headline=linkage(SCAN, 24, exposed=12).after.headline)  # type: ignore[union-attr]
    found = assessment(exposed, replace(blind, after=high))
    assert found.highest is found.linkage[1]
    assert "no person stands out for this recipient" in summary(found)
    assert "For 1 other recipients a person does (section 1)" in summary(found)


def test_few_people_of_one_recipient_do_not_hide_who_stands_out_for_another() -> None:
    exposed, few = linkage(PHOTOGRAPH, 24, exposed=1), linkage(SCAN, 8, exposed=8)
    found = assessment(exposed, few)
    assert found.highest is few
    assert "this recipient looks for 8. For 1 other recipients a person stands out" in summary(found)


def test_no_finding_is_no_proof_of_safety() -> None:
    text = summary(assessment(linkage(PHOTOGRAPH, 24)))
    assert "The interval includes 0, and up to" in text
    assert "This does not mean that no person is at risk." in text
    assert "no check found a failure" in text


def test_of_recipients_of_different_size_every_gallery_is_shown() -> None:
    found = assessment(linkage(NOTHING, 6), linkage(PHOTOGRAPH, 60))
    table = section(found, "singling_out").table
    assert table is not None
    assert [row[0] for row in table.rows] == ["2", "5", "10", "20", "50"]
    assert [row[1] for row in table.rows][2:] == ["n/a"] * 3
    assert ">50<" in report_page(found)


def test_why_it_was_not_tested_is_not_guessed() -> None:
    few = Linkage(PHOTOGRAPH, "", False, 2, why_not="needs 4 people with a photograph, 2 were given")
    found = assessment(few)
    assert "no photographs" not in summary(found)
    assert any("2 were given" in point for point in section(found, "not_tested").points)


def test_a_brain_that_was_not_compared_and_files_passed_over_are_not_tested() -> None:
    found = replace(
        assessment(), checked=(CheckedScan("sub-0_T1w", "sub-0", "defaced", "whole"),), passed_over=7
    )
    text = " ".join(section(found, "not_tested").points)
    assert "Brain: 1 of 1 scans (sub-0_T1w)" in text
    assert "7 more NIfTI files of the release" in text


def test_people_of_one_age_have_no_risk_that_could_be_known() -> None:
    age = controlled_risk(np.ones(12), np.ones(12))
    found = replace(assessment(), inferred=(Inferred("age", 12, age, age),))
    assert "nan" not in summary(found)
    assert "age: not known: needs a control that is not always right." in summary(found)


def test_attackers_that_find_people_after_defacing_are_not_called_blind() -> None:
    one = linkage(PHOTOGRAPH, 24, exposed=12)
    blind = linkage(PHOTOGRAPH, 24)
    assert not replace(blind, before=blind.after).able
    assert replace(one, before=blind.after).able


def test_on_paper_the_widest_table_is_within_the_margins() -> None:
    one = linkage(PHOTOGRAPH, 12)
    assert one.before is not None
    sure = one.before.curve[0]  # 100 % and its interval: the widest there is
    assert sure.risk.risk.value == 1
    wide = replace(one.before, curve=tuple(replace(sure, gallery=size) for size in GALLERIES))
    keys = ((NOTHING, False), (PHOTOGRAPH, False), (PHOTOGRAPH, True), (SCAN, False), (SCAN, True))
    found = assessment(*(replace(one, key=key, trained=trained, after=wide) for key, trained in keys))
    risk_pdf._register_fonts()
    for part in sections(found):
        if part.table:
            assert sum(risk_pdf._widths(part.table)) <= risk_pdf.WIDTH + 1, part.key


def test_terms_of_many_pages_are_written(tmp_path: Path) -> None:
    terms = Terms("Study X", "x", "Universities under contract. " * 400)
    risk_pdf.write_pdf(replace(assessment(linkage(PHOTOGRAPH, 12)), terms=terms), tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")


def test_letters_that_the_font_lacks_are_no_boxes(tmp_path: Path) -> None:
    risk_pdf._register_fonts()
    assert risk_pdf._glyphs("Müller 病") == "Müller \\u75c5"
    terms = Terms("病院 " * 40)
    risk_pdf.write_pdf(replace(assessment(linkage(PHOTOGRAPH, 12)), terms=terms), tmp_path / "a.pdf")
