"""Links between the pages of this repository lead to a file, and to a heading of it."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.helpers.markdown_pages import PAGES, ROOT

INDEX = ROOT / "docs" / "README.md"


def prose(page: Path) -> str:
    """Return the page without its code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.S | re.M)


def links(page: Path) -> list[str]:
    return re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", prose(page))


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors that forges make of headings, and those that the page sets itself."""
    made: set[str] = set(re.findall(r'<a (?:id|name)="([^"]+)"', page.read_text()))
    seen: Counter[str] = Counter()
    for heading in re.findall(r"^#{1,6} +(.+?) *$", prose(page), flags=re.M):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        made.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return made


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_of_the_docs_is_in_an_index() -> None:
    """The index of the docs, or a README that it names."""
    indexes = {INDEX}
    reached: set[Path] = set()
    while indexes:
        index = indexes.pop()
        reached.add(index)
        pages = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)} - reached
        reached |= pages
        indexes |= {page for page in pages if page.name == "README.md" and page.is_relative_to(INDEX.parent)}
    assert {page for page in PAGES if page.is_relative_to(INDEX.parent)} - reached == set()


def test_a_missing_heading_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One `word`, twice\n\n## Same\n\n## Same\n\n```\n# no heading\n```\n")
    assert anchors(page) == {"one-word-twice", "same", "same-1"}
