"""The site of the documentation: it builds without a warning, fetches nothing, and its links are the forge's.

mkdocs checks links, headings and that the navigation names every page; --strict turns each into an error.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType

import pytest

from mriprivacy import scoring
from tests.helpers.chromium import chromium
from tests.helpers.markdown_pages import PAGES, ROOT

HOOK = ROOT / "docs" / "site_pages.py"
WIDE = ("index", "leaderboard", "reference/commands", "reference/api/scoring", "results/attacks")
ITEM = re.compile(r"(\*|-|\d+\.) ")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build as the workflow does."""
    folder = tmp_path_factory.mktemp("site") / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


@pytest.mark.long
def test_every_page_is_built(site: Path) -> None:
    left_out = {"README.md", "overview.md"}
    for page in (ROOT / "docs").rglob("*.md"):
        place = page.relative_to(ROOT / "docs")
        if str(place) not in left_out:
            name = "index.html" if place.name == "README.md" else f"{place.stem}.html"
            assert (site / place.parent / name).is_file()
    for name in ("index", "overview", "leaderboard", "changelog", "contributing"):
        assert (site / f"{name}.html").is_file()
    assert re.search(
        r"<h1[^>]*>mriprivacy", (site / "index.html").read_text()
    )  # the README of the repository


@pytest.mark.long
def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    fetched = re.compile(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"?(?:https?:)?//")
    assert [page.name for page in site.rglob("*.html") if fetched.search(page.read_text())] == []
    assert not [css.name for css in site.rglob("*.css") if "url(http" in css.read_text()]


@pytest.mark.long
def test_every_public_name_of_scoring_is_in_the_reference(site: Path) -> None:
    page = (site / "reference" / "api" / "scoring.html").read_text()
    ids = {name.rpartition(".")[2] for name in re.findall(r'id="(mriprivacy\.scoring\.[\w.]+)"', page)}
    assert set(scoring.__all__) - ids == set()


@pytest.mark.long
def test_the_attack_interface_is_in_the_reference(site: Path) -> None:
    page = (site / "reference" / "api" / "attacks.html").read_text()
    assert all(f'.{name}"' in page for name in ("Attack.embed", "Look", "Face", "make_attack"))


@pytest.mark.long
def test_every_dialog_has_a_name_and_a_wrong_address_a_way_on(site: Path) -> None:
    dialogs = {
        page.name: re.findall(r'<[^>]*role="?dialog"?[^>]*>', page.read_text())
        for page in site.rglob("*.html")
    }
    assert dialogs["404.html"]
    assert [tag for tags in dialogs.values() for tag in tags if "aria-label=" not in tag] == []
    assert "by the menu or by the search" in (site / "404.html").read_text()


@pytest.mark.long
def test_search_knows_the_metrics(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text())
    places = {page["location"].partition("#")[0] for page in index["docs"]}
    assert {"reference/metrics/auc.html", "how-to/faq.html", "results/gallery.html"} <= places


def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_pages", HOOK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<td><code>a/b.py</code></td>", "<td><code>a/<wbr>b.py</code></td>"),
        (
            '<td style="text-align: right;">.5 [-0.4, +0.6]</td>',
            '<td style="text-align: right;">.5 [-0.4,&nbsp;+0.6]</td>',
        ),
        ('<td><a href="a/b.html">a [1, 2, 3]</a></td>', '<td><a href="a/b.html">a [1, 2, 3]</a></td>'),
        ("<p><code>a/b.py</code> [.4, .6]</p>", "<p><code>a/b.py</code> [.4, .6]</p>"),
    ],
)
def test_cells_break_behind_a_slash_and_never_in_an_interval(html: str, expected: str) -> None:
    assert hook().narrow_cells(html) == expected


def test_the_gallery_shows_every_picture() -> None:
    gallery = (ROOT / "docs" / "results" / "gallery.md").read_text()
    pictures = [path.name for path in (ROOT / "docs" / "images").iterdir()]
    assert pictures
    assert [name for name in pictures if f"](../images/{name})" not in gallery] == []


@pytest.mark.parametrize(
    ("link", "place", "on_site", "moved"),
    [
        ("../README.md", "docs/README.md", "overview.md", "index.md"),
        ("../README.md", "docs/experiments/README.md", None, "../overview.md"),
        ("../../LEADERBOARD.md", "docs/how-to/faq.md", None, "../leaderboard.md"),
        ("docs/images/cohort.jpg", "README.md", "index.md", "images/cohort.jpg"),
        ("linkability.md", "docs/reference/metrics/auc.md", None, "linkability.md"),
    ],
)
def test_links_that_leave_docs_lead_to_the_same_page(
    link: str, place: str, on_site: str | None, moved: str
) -> None:
    assert hook().moved(link, place, place.removeprefix("docs/") if on_site is None else on_site) == moved


def lists_that_the_site_does_not_see(text: str) -> list[str]:
    """Return lines that begin a list below a line of text: forges show a list, the site goes on in the text.

    A list in a list is seen by the site from four spaces on.
    """
    found, before = [], ""
    for line in re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M).splitlines():
        starts = ITEM.match(line) and before.strip() and not re.match(r"\s*(\*|-|\d+\.) | {2,}", before)
        if starts or re.match(r" {2,3}(\*|-) ", line):
            found.append(line)
        before = line
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lists_are_lists_on_the_site(page: Path) -> None:
    assert lists_that_the_site_does_not_see(page.read_text()) == []


@pytest.mark.parametrize("text", ["Two things:\n* one\n* two", "* one\n  * below it"])
def test_such_a_list_is_noticed(text: str) -> None:
    assert lists_that_the_site_does_not_see(text)


def tables_that_the_site_does_not_see(text: str) -> list[str]:
    """Return heads of tables that the site takes for text: below text, or indented unlike the line below."""
    lines = re.sub(r"^```.*?^```$|<!--.*?-->", "", text, flags=re.S | re.M).splitlines()
    found = []
    for i, line in enumerate(lines):
        if re.match(r"\s*\|\s*:?--", line):
            before, head = ["", "", *lines][i : i + 2]
            alike = head.count("|") >= 2 and head.index("|") == line.index("|")
            if before.strip() or not alike:
                found.append(head)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tables_are_tables_on_the_site(page: Path) -> None:
    assert tables_that_the_site_does_not_see(page.read_text()) == []


@pytest.mark.parametrize("text", ["    | a | b |\n|---|---|", "Text:\n| a | b |\n|---|---|", "|---|---|"])
def test_such_a_table_is_noticed(text: str) -> None:
    assert tables_that_the_site_does_not_see(text)


@pytest.mark.slow
@pytest.mark.parametrize("width", [375, 1280])
def test_pages_fit_the_window_and_search_answers(site: Path, width: int) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        root = f"http://127.0.0.1:{server.server_port}"
        with chromium() as browser:
            page = browser.new_page(viewport={"width": width, "height": 812})
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            for name in (
                "index",
                "leaderboard",
                "reference/commands",
                "reference/api/scoring",
                "results/attacks",
            ):
                page.goto(f"{root}/{name}.html")
                wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wider <= 0, name
            page.keyboard.press("/")
            page.keyboard.type("linkability")
            page.wait_for_selector(".md-search-result__item", timeout=20_000)
        server.shutdown()
    assert [url for url in asked if not url.startswith((root, "data:", "blob:"))] == []
