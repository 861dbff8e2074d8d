"""What committees ask for: a design document with its blanks, and results without any image."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import html5lib
import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import Edition, open_edition
from mriprivacy.challenge.entry.entry import Entry
from mriprivacy.challenge.entry.entry_file import write_entry
from mriprivacy.challenge.export.design import BLANK, design
from tests.helpers.board_entries import made_up
from tests.helpers.hostile_text import WORST

# The parameters of the structured description (BIAS), in its order.
HEADINGS = """Title | Abstract | Keywords | Organizers | Life cycle type | Challenge venue and platform
Participation policies | Submission method | Challenge schedule | Ethics approval | Data usage agreement
Code availability | Conflicts of interest | Author contributions | Field of application | Task category
Cohorts | Imaging modalities | Context information | Target entities | Assessment aims | Data sources
Training and test case characteristics | Annotation characteristics | Data pre-processing | Sources of error
Metrics | Ranking method | Statistical analyses | Further analyses | References | Further comments"""


def answers(edition: Edition) -> dict[str, str]:
    return {f"{own.name}/{one.what}": one.answer for own in design(edition) for one in own.asked}


def test_every_heading_of_the_structure_is_there_in_its_order(tiny_edition: Edition) -> None:
    names = [name.strip() for line in HEADINGS.splitlines() for name in line.split("|")]
    assert [heading.name for heading in design(tiny_edition)] == names
    assert all(heading.asked and heading.chapter for heading in design(tiny_edition))


def test_answers_are_those_of_the_edition(tiny_edition: Edition) -> None:
    found, counts = answers(tiny_edition), tiny_edition.description["counts"]
    assert (
        f"eval: {counts['eval']['probes']} scans" in found["Training and test case characteristics/Numbers"]
    )
    assert found["Title/Acronym"] == tiny_edition.name
    assert found["Data usage agreement/Licence"] == tiny_edition.description["licence"]
    assert "no person was scanned" in found["Ethics approval/Approval"]
    assert "1000 draws, seed 0" in found["Statistical analyses/Methods"]
    assert found["Organizers/Contact person"] == ""
    assert found["Challenge venue and platform/Platform"] == ""


def test_of_real_people_ethics_and_origin_are_asked_for(tiny_edition: Edition) -> None:
    about = {**tiny_edition.description, "synthetic": False, "consent": "Research", "doi": "10.5281/zenodo.1"}
    about |= {"authors": ["A. One", "B"], "orcids": ["0000-0002-1694-233X", ""]}
    found = answers(replace(tiny_edition, description=about))
    assert found["Ethics approval/Approval"] == ""
    assert found["Ethics approval/Consent"] == "Research"
    assert found["Data sources/Devices"] == ""
    assert found["Organizers/Team"] == "A. One (ORCID 0000-0002-1694-233X), B"
    assert found["Data usage agreement/DOI"] == "10.5281/zenodo.1"
    assert "holders of sealed/ alone" in found["Conflicts of interest/Access to the test labels"]
    own = {"name": "ixi-2026", "people": 577, "missing": ["sub-IXI002"]}
    listed = {**about, "list": own, "design": {"dev_sites": ["Guys"]}}
    found = answers(replace(tiny_edition, description=listed))
    assert found["Cohorts/Challenge cohort"] == "Real people of the public list ixi-2026: 576 of its 577"
    assert found["Data sources/Centres"].startswith("dev is from Guys")
    assert "Everybody can make them" in found["Conflicts of interest/Access to the test labels"]


def test_the_document_is_written_with_its_blanks_marked(
    tiny_edition_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["target=design", f"edition={tiny_edition_folder / 'public'}", f"output={tmp_path / 'design'}"]
    assert main(["export", *words]) == 0
    missing = sum(not answer for answer in answers(open_edition(tiny_edition_folder)).values())
    assert missing > 10
    assert f"{missing} blanks" in capsys.readouterr().out
    markdown = (tmp_path / "design" / "design.md").read_text()
    html = (tmp_path / "design" / "design.html").read_text()
    assert markdown.count(BLANK) == html.count(BLANK) == missing + 1  # one in the first paragraph
    assert "### Ethics approval\n\n* Approval: " in markdown
    html5lib.HTMLParser(strict=True).parse(html)


def test_hostile_text_stays_text(tiny_edition: Edition, tmp_path: Path) -> None:
    from mriprivacy.challenge.export.design import write_design

    about = {**tiny_edition.description, "citation": WORST, "authors": [f"{WORST}\n# X\nY: Z"]}
    write_design(replace(tiny_edition, description=about), tmp_path)
    markdown = (tmp_path / "design.md").read_text()
    assert sum(line.startswith("#") for line in markdown.splitlines()) == 1 + 6 + len(design(tiny_edition))
    html5lib.HTMLParser(strict=True).parse((tmp_path / "design.html").read_text())
    assert "<script>alert" not in (tmp_path / "design.html").read_text()


def of_edition(made: Entry, name: str, digest: str) -> Entry:
    """Return a made-up entry as one of an edition, its signatures too."""
    before = f"{made.edition}@{made.edition_hash[:8]}"
    results = tuple(
        replace(one, signature=one.signature.replace(before, f"{name}@{digest[:8]}")) for one in made.results
    )
    return replace(made, edition=name, edition_hash=digest, results=results)


@pytest.fixture
def entries(tiny_edition: Edition, tmp_path: Path) -> Path:
    """Entries of the tiny edition, of all tracks, and one of another edition."""
    folder = tmp_path / "entries"
    for track in ("defacing", "attack", "attributes"):
        for number in range(3):
            write_entry(folder, of_edition(made_up(number, track), tiny_edition.name, tiny_edition.hash))
    write_entry(folder, made_up(7))
    return folder


def test_the_whole_ranking_is_computed_again_from_results_without_a_face(
    tiny_edition_folder: Path, entries: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    public = tiny_edition_folder / "public"
    words = ["target=results", f"edition={public}", f"entries={entries}", f"output={tmp_path / 'results'}"]
    assert main(["export", *words]) == 0
    assert "9 systems of tiny/" in capsys.readouterr().out
    with zipfile.ZipFile(tmp_path / "results.zip") as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "unpacked")
    assert {Path(name).suffix for name in names} == {".json", ".md", ".cff", ".sha256", ".commitment"}
    assert not any(name.endswith((".tsv", ".png", ".gz")) for name in names)
    (entries / "synth-1").rename(tmp_path / "others")  # the entry of another edition
    for source, board in ((entries, "before"), (tmp_path / "unpacked" / "entries", "after")):
        assert main(["rank", f"entries={source}", f"output={tmp_path / board}"]) == 0
    before, after = (
        {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        for root in (tmp_path / "before", tmp_path / "after")
    )
    assert before == after
    assert "LEADERBOARD.md" in before
    about = json.loads((tmp_path / "unpacked" / "edition" / "edition.json").read_text())
    assert about["protocol"] == open_edition(public).description["protocol"]


def test_results_of_another_hash_or_of_none_are_refused(
    tiny_edition_folder: Path, entries: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["target=results", f"edition={tiny_edition_folder / 'public'}", f"output={tmp_path / 'x.zip'}"]
    assert main(["export", *words]) == 2
    assert "needs entries=FOLDER" in capsys.readouterr().err
    (entries / "synth-1").rename(tmp_path / "others")
    lone = tmp_path / "lone"
    write_entry(lone, made_up(1))
    assert main(["export", *words, f"entries={lone}"]) == 2
    assert "no entry of tiny/" in capsys.readouterr().err
    write_entry(lone, of_edition(made_up(2), open_edition(tiny_edition_folder).name, "f" * 64))
    assert main(["export", *words, f"entries={lone}"]) == 2
    assert "is of edition hash ffffffffffffffff (1 such entries)" in capsys.readouterr().err
    assert not (tmp_path / "x.zip").exists()
