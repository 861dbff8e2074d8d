"""Pages before judges from a registry: the Nu HTML checker, and axe-core for WCAG 2.1 A and AA.

    npm install vnu-jar axe-core
    VNU_JAR=.../vnu-jar/build/dist/vnu.jar AXE_JS=.../axe-core/axe.min.js CHROMIUM=/usr/bin/chromium \
        pytest -m slow tests/challenge/leaderboard/test_pages_by_validators.py
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright import sync_api as playwright

from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.leaderboard.pages.glossary import Guide
from mriprivacy.challenge.leaderboard.pages.site import write_site
from tests.helpers.board_entries import made_up
from tests.helpers.in_ci import skip_but_not_in_ci

# Pages for axe, which takes seconds a page: the overview, the words and the edition of two sites, a system of
# every track, a report.
KINDS = ("index", "words", "reference__blur", "report")
KINDS += tuple(f"team__{track}-system-000" for track in ("defacing", "attack", "attributes"))
pytestmark = pytest.mark.slow


@pytest.fixture
def pages(defacing_report: Callable[..., Path], tmp_path: Path) -> list[Path]:
    """The site of the committed entries, one of made-up ones, and a report."""
    committed = read_entries(Path(__file__).parents[3] / "entries")
    write_site(tmp_path / "committed", committed, Guide("team@example.org", "https://kit.example/"))
    tracks = ("defacing", "attack", "attributes")
    write_site(tmp_path / "site", [made_up(i, track) for track in tracks for i in range(9)])
    defacing_report(tmp_path / "report")
    return sorted(tmp_path.rglob("*.html"))


def given(variable: str) -> str:
    path = os.environ.get(variable, "")
    if not Path(path).is_file():
        skip_but_not_in_ci(f"{variable} is {path!r}; expected the path of a file, see the head of this test")
    return path


def test_the_nu_html_checker_finds_nothing(pages: list[Path]) -> None:
    jar = given("VNU_JAR")
    if not shutil.which("java"):
        skip_but_not_in_ci("no java")
    command = ["java", "-jar", jar, "--format", "json", "--stdout", *map(str, pages)]
    said = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=False).stdout)["messages"]
    assert len(pages) > 30
    # It takes every data: URI for blocked, whatever the policy says, and so would any image in a page; that
    # browsers show them is in test_site_in_a_browser.py.
    told = [one for one in said if "Content Security Policy (meta tag): image “data:" not in one["message"]]
    assert [(one["type"], one["message"], one["url"]) for one in told] == []


def test_axe_finds_no_violation(pages: list[Path]) -> None:
    script = Path(given("AXE_JS")).read_text(encoding="utf-8")
    chromium = given("CHROMIUM")
    of_every_kind = [path for path in pages if path.stem in KINDS]
    assert len(of_every_kind) == 11
    found = []
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for width, scheme in ((1280, "light"), (375, "dark")):
            context = browser.new_context(
                viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
            )
            tab = context.new_page()
            for path in of_every_kind:
                tab.goto(path.as_uri())
                tab.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
                tab.evaluate(script)
                for one in tab.evaluate("axe.run()")["violations"]:
                    nodes = [node["html"][:120] for node in one["nodes"][:2]]
                    found.append((path.name, scheme, width, one["id"], one["impact"], nodes))
            context.close()
        browser.close()
    assert found == []
