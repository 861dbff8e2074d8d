import doctest
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "docs" / "reference" / "metrics").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_of_the_page_run(page: Path) -> None:
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=flags)
    assert failed == 0
    assert tried > 0 or page.stem == "README"


def test_every_figure_has_a_page() -> None:
    listed = (PAGES[0].parent / "README.md").read_text()
    for page in PAGES:
        if page.stem != "README":
            assert f"({page.name})" in listed
            assert "**Definition.**" in page.read_text()
            if page.stem not in ("intervals", "signature"):
                assert "**Interval.**" in page.read_text(), page.stem
