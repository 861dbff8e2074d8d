"""The site as a browser shows it: no error, no request, nothing wider than a phone, tables that sort.

`tests/helpers/chromium.py` says which Chromium. Without one the tests skip, but fail in CI.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.leaderboard.pages.site import write_site
from tests.helpers.board_entries import made_up
from tests.helpers.chromium import chromium
from tests.helpers.markdown_pages import ROOT

pytestmark = pytest.mark.slow  # `.ci/run all` asks for them by name
EDITION = "synth-1-abababab"
PAGES = (
    "index.html",
    "words.html",
    f"{EDITION}/index.html",
    *(f"{EDITION}/team__{track}-system-000.html" for track in ("defacing", "attack", "attributes")),
)
# The worst contrast of a text with what is behind it, by the formula of WCAG 2.1.
CONTRAST = """() => {
  const light = (c) => {
    const linear = (v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    const [r, g, b] = c.match(/[\\d.]+/g).map((v) => linear(v / 255));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (c !== "rgba(0, 0, 0, 0)") return c;
    }
    return "rgb(255, 255, 255)";
  };
  let worst = 21;
  for (const e of document.querySelectorAll("main *, nav *")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(e.closest("svg") ? style.fill : style.color), light(behind(e))];
    worst = Math.min(worst, (Math.max(a, b) + .05) / (Math.min(a, b) + .05));
  }
  return worst;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    entries = [made_up(i, description="long" * 50) for i in range(7)]
    write_site(folder, [*entries, made_up(0, "attack"), made_up(1, "attack"), made_up(0, "attributes")])
    return folder


@pytest.mark.parametrize("width", [375, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_load_whole_and_fit(browser, site: Path, width: int, scheme: str) -> None:
    look_at(browser, [site / name for name in PAGES], width, scheme)


def test_a_report_loads_whole_and_fits(browser, defacing_report: Callable[..., Path], tmp_path: Path) -> None:
    path = defacing_report(tmp_path)
    for width, scheme in ((375, "light"), (375, "dark"), (1280, "light"), (1280, "dark")):
        look_at(browser, [path], width, scheme)


def look_at(browser, paths: list[Path], width: int, scheme: str) -> None:
    """Open pages: no fault, nothing wider than the window, contrast AA, nothing asked for but themselves."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page, faults, requests = context.new_page(), [], []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    for path in paths:
        page.goto(path.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path.name
        assert page.evaluate(CONTRAST) >= 4.5, path.name
        # A picture in a data: URI is part of the page; a broken one would have no width.
        assert page.evaluate("[...document.images].every((i) => i.complete && i.naturalWidth > 0)"), path.name
    assert faults == []
    asked = [url for url in requests if not url.startswith("data:")]
    assert asked == [path.as_uri() for path in paths]
    context.close()


def test_the_ranking_of_defacers_fits_a_desktop(browser, site: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto((site / "index.html").as_uri())
    wide = page.locator(f".scroll:has(#{EDITION}-defacing)").evaluate("e => e.scrollWidth - e.clientWidth")
    assert wide <= 0
    page.close()


def test_the_board_of_this_repository_fits_a_desktop(browser, tmp_path: Path) -> None:
    """Attackers with long names, presence of a face, identity: the widest board there is."""
    write_site(tmp_path, read_entries(ROOT / "entries"))
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    (edition,) = tmp_path.glob("*/index.html")
    page.goto(edition.as_uri())
    wider = "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.getAttribute('aria-label'))"
    assert page.locator(".scroll").evaluate_all(wider) == []
    page.close()


def test_a_phone_shows_privacy_and_utility_without_scrolling_sideways(browser, tmp_path: Path) -> None:
    write_site(tmp_path, read_entries(ROOT / "entries"))
    page = browser.new_page(viewport={"width": 375, "height": 812})
    (edition,) = tmp_path.glob("*/index.html")
    page.goto(edition.as_uri())
    for name in ("people linked", "utility"):
        box = page.locator("thead th", has_text=name).first.bounding_box()
        assert box["x"] + box["width"] <= 375, name
    page.close()


def test_on_paper_no_row_and_no_figure_is_cut(browser, site: Path) -> None:
    page = browser.new_page()
    page.goto((site / PAGES[2]).as_uri())
    page.emulate_media(media="print")
    style = "e => [getComputedStyle(e).breakInside, getComputedStyle(e).overflowX]"
    assert page.locator("figure").first.evaluate(style)[0] == "avoid"
    assert page.locator("tbody tr").first.evaluate(style)[0] == "avoid"
    assert page.locator(".scroll").first.evaluate(style)[1] == "visible"
    assert not page.locator(".filter").first.is_visible()
    assert not page.get_by_text("as TSV").first.is_visible()
    # Chromium repeats a head on every page, but not one that holds a box, as a button is.
    assert page.locator("thead").first.evaluate("e => getComputedStyle(e).display") == "table-header-group"
    assert page.locator("th button").first.evaluate("e => getComputedStyle(e).display") == "contents"
    page.close()


def test_tables_sort_and_filter_by_keyboard(browser, site: Path) -> None:
    page = browser.new_page()
    page.goto((site / EDITION / "index.html").as_uri())
    table = page.locator(f"#{EDITION}-defacing")
    column = [head.strip() for head in table.locator("thead th").all_inner_texts()].index(["AUC ↓", ""][0])
    cells = table.locator(f"tbody td:nth-child({column + 1})")
    head = table.locator("thead th").nth(column)

    def values() -> list[float]:
        return [float(text.split()[0]) for text in cells.all_inner_texts()]

    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert values() == sorted(values())
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    assert values() == sorted(values(), reverse=True)
    page.get_by_label("Show rows with in Defacing systems, ranked").fill("system-003")
    assert table.locator("tbody tr:visible").count() == 1
    assert page.locator(f"#{EDITION}-defacing-count").inner_text() == "1 of 7 rows"
    page.close()
