"""The site of made-up entries: valid, whole in itself, the same bytes again; foreign text is no markup."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from types import SimpleNamespace

import html5lib
import pytest
from matplotlib.figure import Figure

from mriprivacy.challenge.entry.entry import Entry, Gate
from mriprivacy.challenge.entry.entry_file import read_entries, write_entry
from mriprivacy.challenge.leaderboard.pages.glossary import Guide
from mriprivacy.challenge.leaderboard.pages.html import page as rendered
from mriprivacy.challenge.leaderboard.pages.site import FILES, pages, write_site
from mriprivacy.challenge.leaderboard.plots.plot import draw
from mriprivacy.challenge.leaderboard.plots.privacy_utility import across, scatter
from mriprivacy.challenge.leaderboard.plots.ranks import significance
from mriprivacy.challenge.leaderboard.standings import board
from mriprivacy.challenge.leaderboard.tables import by_attacker, tsv
from mriprivacy.challenge.leaderboard.verdict import Line
from mriprivacy.scoring import Estimate
from tests.helpers.board_entries import made_up

HOSTILE = '<script>alert(1)</script>"\'><img src="https://evil.example/x.png"> {{ 7 * 7 }} $\\frac{1}{2}$'


def entries_of_all_tracks(n: int = 3) -> list[Entry]:
    return [
        made_up(i, track, description=HOSTILE)
        for track in ("defacing", "attack", "attributes")
        for i in range(n)
    ]


@pytest.fixture(scope="module")
def site() -> dict[str, str]:
    return dict(pages(entries_of_all_tracks()))


def html(site: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, text) for name, text in site.items() if name.endswith(".html"))


class Tags(HTMLParser):
    """Tags of a page with what they carry."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_there_is_a_page_an_edition_and_a_page_a_system(site: dict[str, str]) -> None:
    names = [name for name, _ in html(site)]
    assert names[0] == "index.html"
    assert "synth-1-abababab/index.html" in names
    assert "synth-1-abababab/team__attack-system-001.html" in names
    assert "words.html" in names
    assert len(names) == 3 + 9


def test_the_page_of_an_edition_says_what_it_is_and_how_to_use_it(site: dict[str, str]) -> None:
    text = site["synth-1-abababab/index.html"]
    assert "CC-BY-4.0" in text
    assert "Somebody et al., Synthetic people (2026)" in text
    assert "2026-01-02" in site["synth-1-abababab/team__attack-system-001.html"]


def test_pages_parse_without_an_error_and_ids_are_their_own(site: dict[str, str]) -> None:
    for name, text in html(site):
        html5lib.HTMLParser(strict=True).parse(text)
        ids = [own["id"] for _, own in Tags(text).found if "id" in own]
        assert len(ids) == len(set(ids)), name


def test_every_link_leads_to_a_file_of_the_site_or_a_place_on_the_page(site: dict[str, str]) -> None:
    for name, text in html(site):
        tags = Tags(text).found
        ids = {own.get("id") for _, own in tags}
        for _, own in tags:
            target = own.get("href")
            if target is None or target == "data:,":
                continue
            path, _, place = target.partition("#")
            if not path:
                assert place in ids, (name, target)
                continue
            parts: list[str] = []
            for part in (PurePosixPath(name).parent / path).parts:
                parts = parts[:-1] if part == ".." else [*parts, part]
            assert "/".join(parts) in site, (name, target)


def test_nothing_is_asked_of_the_network(site: dict[str, str]) -> None:
    for _, text in html(site):
        policies = [own["content"] for tag, own in Tags(text).found if "http-equiv" in own]
        assert [policy.split(";")[0] for policy in policies] == ["default-src 'none'"]
        for tag, own in Tags(text).found:
            assert tag not in ("img", "iframe", "object", "embed", "form")
            assert "src" not in own
            assert tag != "link" or own["href"] == "data:,"
        assert not re.search(r"@import|url\((?!#)", text)


def test_what_a_team_wrote_is_text(site: dict[str, str]) -> None:
    text = site["synth-1-abababab/team__defacing-system-000.html"]
    assert "&lt;script&gt;alert(1)" in text
    assert "{{ 7 * 7 }}" in text
    scripts = [tag for tag, _ in Tags(text).found if tag == "script"]
    assert len(scripts) == 1


def test_figures_say_what_they_show_and_their_data_lie_beside(site: dict[str, str]) -> None:
    text = site["synth-1-abababab/index.html"]
    drawn = [own for tag, own in Tags(text).found if tag == "svg"]
    assert len(drawn) == 5
    assert all(own["role"] == "img" and own["aria-label"] for own in drawn)
    table = site["synth-1-abababab/privacy_utility.tsv"].splitlines()
    assert table[0].split("\t")[:4] == ["rank", "team", "system", "utility"]
    assert len(table) == 4


def test_systems_of_like_utility_are_told_apart_by_eye() -> None:
    """On the committed board every utility is above .96: on an axis from 0 to 1 all would be one line."""
    committed = [e for e in read_entries(Path(__file__).parents[4] / "entries") if e.track == "defacing"]
    useful = [entry.utility["utility"] for entry in committed]
    low, high = across(useful)
    # The demo analyses two brains again: intervals are wide, and the axis holds them.
    assert high - low < 1.2 * (max(one.high for one in useful) - min(one.low for one in useful))
    assert high - low < 0.25
    assert low < min(one.low for one in useful)
    assert high > max(one.high for one in useful)
    plot = scatter(board(committed))
    assert plot is not None
    assert "the axis does not begin at 0" in plot.svg
    drawn = [float(text) for text in re.findall(r">(0\.\d\d)<", plot.svg)]
    assert drawn
    assert min(drawn) > 0.8


def test_systems_of_one_utility_have_an_axis() -> None:
    low, high = across([Estimate(1.0, 1.0, 1.0, 9)] * 2)
    assert high - low == pytest.approx(0.05)
    assert across([Estimate(0.0, 0.0, 0.9, 9)])[0] < 0


def test_the_colours_of_figures_are_those_of_the_page(site: dict[str, str]) -> None:
    for _, text in html(site):
        for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
            assert not re.search(r"#[0-9a-f]{6}\b", svg)


def test_tables_sort_by_value_not_by_text(site: dict[str, str]) -> None:
    """A key is what the cell shows (EER in percent); nothing for what is not available."""
    unranked = dict(pages([made_up(0), made_up(8)]))
    told = "".join(text for own in (site, unranked) for _, text in html(own))
    cells = re.findall(r'data-key="([^"]*)">([^<]*)', told)
    figures = [(float(key), text.split()[0]) for key, text in cells if re.match(r"[-+]?[\d.]+ ?$", text)]
    assert len(figures) > 300
    for key, shown in figures:
        rounding = 0.6 * 10.0 ** -len(shown.partition(".")[2])
        assert min(abs(key - float(shown)), abs(100 * key - float(shown))) <= rounding, (key, shown)
    assert {key for key, text in cells if text in ("n/a", "-")} == {""}


def test_rows_are_named_by_a_header(site: dict[str, str]) -> None:
    for name, text in html(site):
        for body in re.findall(r"<tbody>(.*?)</tbody>", text, re.DOTALL):
            for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL):
                assert row.count('<th scope="row"') == 1, (name, row)
    assert re.search(r'<th scope="row"><a href="[^"]*team__defacing-system-000.html">', site["index.html"])


def test_leaderboards_have_a_filter_that_says_of_what(site: dict[str, str]) -> None:
    labels = re.findall(r"<label [^>]*>(.*?)</label>", site["index.html"])
    named = [re.sub(r"<[^>]*>", "", label) for label in labels]
    captions = ("Defacing systems, ranked", "Attacks, ranked", "Attributes predicted from scans")
    assert named == [f"Show rows with in {caption}" for caption in captions]


def test_a_stranger_is_not_sent_to_files_that_are_not_there(site: dict[str, str]) -> None:
    for name, text in html(site):
        assert not re.search(r"docs/|(?<!\.card)\.md\b|CITATION\.cff", text), name
    words = re.sub(r"<[^>]*>", "", site["words.html"])
    for word in ("EER", "AUC", "linkability", "ranks", "Pareto", "FTA", "ignorant, adapted, informed"):
        assert f"\n{word}" in words
    assert "Towards an evolution in the characterization of the risk" in site["index.html"]


def test_the_organizers_addresses_are_told_and_are_text() -> None:
    told = dict(pages([made_up(0)], Guide("team@example.org", 'https://kit.example/"><script>x</script>')))
    for name in ("index.html", "words.html", "synth-1-abababab/index.html"):
        assert 'href="mailto:team@example.org"' in told[name]
        assert "<script>x" not in told[name]
        assert 'href="https://kit.example/' in told[name]


def test_attackers_are_a_table_of_attacks_by_levels(site: dict[str, str]) -> None:
    entry, page = made_up(0), "synth-1-abababab/team__defacing-system-000"
    header, *rows = (line.split("\t") for line in site[f"{page}-by_level.tsv"].splitlines())
    assert header[:4] == ["attack", "AUC, ignorant", "AUC, adapted", "AUC, informed"]
    assert len(header) == 1 + 3 * 3
    assert len(rows) == 4
    for result in entry.results:
        if result.trial_list == "all":
            row = next(row for row in rows if row[0] == result.name)
            assert row[header.index(f"AUC, {result.level}")] == f"{result.figures['auc']:.2f}"
    text = site[f"{page}.html"]
    assert text.index("table-by_level") < text.index("<details>") < text.index('id="table-results"')


def test_attackers_are_rows_and_systems_columns() -> None:
    """There are tens of attackers: as columns the table was 3,236 pixels too wide."""
    entries = [made_up(i) for i in range(3)]
    table = by_attacker(entries)
    assert table.header == ("attacker", *(f"{entry.team}/{entry.system}" for entry in entries))
    counted = [r for r in entries[1].results if r.trial_list == "all"]
    assert [row[0].text for row in table.rows] == [str(r.attacker) for r in counted]
    assert [row[2].text for row in table.rows] == [f"{r.figures['auc']:.2f}" for r in counted]


def test_a_picture_without_a_significant_pair_says_so() -> None:
    like = [made_up(0), replace(made_up(0), system="twin")]
    plot = significance(board(like), "defacing")
    assert plot is not None
    assert "no pair differs significantly" in plot.svg
    assert "worse</text>" not in plot.svg


def test_a_verdict_shows_no_backticks_and_keeps_an_interval_on_a_line() -> None:
    """Nor elements for them: what attackers are called is the text of others."""
    line = Line("people linked", "0.17 [0.01, 0.60]", "`rank` compares it")
    verdict = SimpleNamespace(lines=[line], causes=[])
    text = rendered("verdict.html", verdict=verdict, entry=SimpleNamespace(warnings=[]))
    assert "0.17 [0.01,\N{NO-BREAK SPACE}0.60]" in text
    assert ">rank compares it<" in text


def test_measures_of_utility_are_drawn_and_explained(site: dict[str, str]) -> None:
    entry, page = made_up(0), "synth-1-abababab/team__defacing-system-000"
    header, *rows = (line.split("\t") for line in site[f"{page}-utility_figure.tsv"].splitlines())
    assert header == ["measure", "scale", "value", "low", "high", "subjects"]
    assert {row[0]: float(row[2]) for row in rows} == pytest.approx(
        {name: one.value for name, one in entry.utility.items()}, rel=1e-5
    )
    assert "overlap of the brain masks" in site[f"{page}.html"]


def test_labels_of_figures_are_not_rounded() -> None:
    def drawing(figure: Figure) -> None:
        figure.subplots().set_xticks([0.9755, 0.97625])

    svg = draw("x", "title", "alt", (3, 2), drawing, ("a",), [(1,)]).svg
    assert ">0.97550<" in svg
    assert not re.search(r' [xyd]="[^"]*\d\.\d{3}', svg)


def test_the_same_bytes_again_in_another_order(site: dict[str, str]) -> None:
    assert dict(pages(entries_of_all_tracks()[::-1])) == site


def test_one_system_and_no_utility_are_enough(site: dict[str, str]) -> None:
    alone = dict(pages([replace(made_up(0), utility={}, checks=(), warnings=())]))
    assert "privacy_utility" not in alone["synth-1-abababab/index.html"]
    nobody = replace(made_up(8), gate=Gate(passed=0, scans=2, unchanged=2, worst_changed=0.0))
    assert "not ranked" in dict(pages([nobody]))["synth-1-abababab/team__defacing-system-008.html"]


def test_an_edition_of_real_people_is_not_called_synthetic() -> None:
    real = dict(pages([made_up(0, synthetic=False)]))
    assert not any("people of this edition are synthetic" in text for text in real.values())


def test_two_releases_of_one_name_do_not_mix() -> None:
    other = replace(made_up(0), edition_hash="cd" * 32, system="other")
    assert {name.split("/")[0] for name in dict(pages([made_up(0), other]))} == {
        "index.html",
        "words.html",
        "synth-1-abababab",
        "synth-1-cdcdcdcd",
    }


def test_what_is_no_more_part_of_the_site_goes_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    write_site(folder, [made_up(0), made_up(1)])
    (folder / "CNAME").write_text("a.example")
    outside = tmp_path / "kept.txt"
    outside.write_text("")
    with (folder / FILES).open("a") as listing:
        listing.write(f"../kept.txt\n{outside}\n")
    write_site(folder, [made_up(1)])
    assert not (folder / "synth-1-abababab" / "team__defacing-system-000.html").exists()
    assert (folder / "synth-1-abababab" / "team__defacing-system-001.html").exists()
    assert (folder / "CNAME").exists()
    assert outside.exists()


def test_a_cell_does_not_end_its_row() -> None:
    assert tsv(["a"], [["x\ty\nz"], [float("nan")], [None]]) == "a\nx y z\nn/a\nn/a\n"


def ranked(count: int, folder: Path) -> float:
    """Rank made-up entries; returns CPU seconds."""
    from mriprivacy.challenge.cli import main

    for number in range(count):
        write_entry(folder / "entries", made_up(number))
    start = time.process_time()
    assert main(["rank", f"entries={folder / 'entries'}", f"output={folder / 'board'}"]) == 0
    return time.process_time() - start


@pytest.mark.slow
def test_a_hundred_entries_take_as_long_each_as_ten_and_a_megabyte_a_page(tmp_path: Path) -> None:
    few, many = ranked(10, tmp_path / "ten"), ranked(100, tmp_path / "hundred")
    assert many < 20 * few
    assert max(path.stat().st_size for path in (tmp_path / "hundred" / "board").rglob("*.html")) < 1_000_000
