"""The site of made-up entries: valid, whole in itself, the same bytes again, and nobody's text is markup."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

import html5lib
import pytest
from board_entries import made_up

from challenge.entry import Entry, read_entries, write_entry
from challenge.site.scatter import across, scatter
from challenge.site.write import FILES, pages, write_site
from challenge.standing import board
from challenge.tables import tsv
from scoring import Estimate

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
    assert len(names) == 2 + 9


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
    committed = [e for e in read_entries(Path(__file__).parents[2] / "entries") if e.track == "defacing"]
    useful = [entry.utility["utility"] for entry in committed]
    low, high = across(useful)
    values = [one.value for one in useful]
    assert max(values) - min(values) > 0.4 * (high - low)
    assert low < min(one.low for one in useful)
    assert high > max(one.high for one in useful)
    plot = scatter(board(committed, higher_is_better=False))
    assert plot is not None
    assert "the axis does not begin at 0" in plot.svg
    drawn = [float(text) for text in re.findall(r">(0\.\d\d)<", plot.svg)]
    assert drawn
    assert min(drawn) > 0.9


def test_systems_of_one_utility_have_an_axis() -> None:
    low, high = across([Estimate(1.0, 1.0, 1.0, 9)] * 2)
    assert high - low == pytest.approx(0.05)
    assert across([Estimate(0.0, 0.0, 0.9, 9)])[0] < 0


def test_the_colours_of_figures_are_those_of_the_page(site: dict[str, str]) -> None:
    for _, text in html(site):
        for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
            assert not re.search(r"#[0-9a-f]{6}\b", svg)


def test_tables_sort_by_value_not_by_text(site: dict[str, str]) -> None:
    keys = re.findall(r'data-key="([^"]*)"', site["index.html"])
    assert keys
    assert all(key == "" or float(key) == float(key) for key in keys)


def test_the_same_bytes_again_in_another_order(site: dict[str, str]) -> None:
    assert dict(pages(entries_of_all_tracks()[::-1])) == site


def test_one_system_and_no_utility_are_enough(site: dict[str, str]) -> None:
    alone = dict(pages([replace(made_up(0), utility={}, checks=(), warnings=())]))
    assert "privacy_utility" not in alone["synth-1-abababab/index.html"]
    nobody = replace(made_up(8), gate={"passed": 0, "scans": 2, "unchanged": 2})
    assert "not ranked" in dict(pages([nobody]))["synth-1-abababab/team__defacing-system-008.html"]


def test_an_edition_of_real_people_is_not_called_synthetic() -> None:
    real = dict(pages([made_up(0, synthetic=False)]))
    assert not any("people of this edition are synthetic" in text for text in real.values())


def test_two_releases_of_one_name_do_not_mix() -> None:
    other = replace(made_up(0), edition_hash="cd" * 32, system="other")
    assert {name.split("/")[0] for name in dict(pages([made_up(0), other]))} == {
        "index.html",
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


@pytest.mark.slow
def test_a_hundred_entries_take_less_than_twenty_seconds_and_a_megabyte_a_page(tmp_path: Path) -> None:
    from challenge.cli import main

    for number in range(100):
        write_entry(tmp_path / "entries", made_up(number))
    start = time.process_time()
    assert main(["rank", f"entries={tmp_path / 'entries'}", f"output={tmp_path / 'board'}"]) == 0
    assert time.process_time() - start < 20
    assert max(path.stat().st_size for path in (tmp_path / "board").rglob("*.html")) < 1_000_000
