"""The site's hook: pages of the repository that are outside of docs/, and links as they are on the forge.

A page links to files beside it, wherever they are in the repository, so that the forge shows it. On the site
some of these files have another place. `mkdocs.yml` names this file; mkdocs calls the functions `on_...`.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
# Place in the repository, place on the site. Everything else below docs/ stays where it is.
PLACES = {
    "README.md": "index.md",
    "docs/README.md": "overview.md",
    "LEADERBOARD.md": "leaderboard.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "CITATION.cff": "CITATION.cff",
    "conf/standard/ixi.yaml": "ixi.yaml",
}
WIDE = ("index.md", "leaderboard.md")  # verdicts of 100 columns, boards
NO_PAGE = """<h1>Page not found</h1>
<p>This site has no page at this address. Find the page by the menu or by the search.</p>"""
_FENCED = re.compile(r"(^```.*?^```$)", re.S | re.M)
_CELL = re.compile(r"<td[ >].*?</td>", re.S)
_CODE = re.compile(r"(?<=<code>)[^<]+(?=</code>)")
_INTERVAL = re.compile(r"(\[[-+]?[\d.]+,) ([-+]?[\d.]+\])")
_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are outside of docs/."""
    for place, on_site in PLACES.items():
        files.append(File.generated(config, on_site, abs_src_path=str(ROOT / place)))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn the links of the forge into those of the site, but in code; wide pages have no second menu."""
    on_site = page.file.src_uri
    if on_site in WIDE:
        page.meta["hide"] = ["toc"]
    place = next((old for old, new in PLACES.items() if new == on_site), f"docs/{on_site}")
    parts = _FENCED.split(markdown)
    parts[::2] = [_LINK.sub(lambda link: moved(link[1], place, on_site), part) for part in parts[::2]]
    return "".join(parts)


def on_page_content(html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let tables fit into narrow pages."""
    return narrow_cells(html)


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:
    """Name the dialog of the search."""
    return named_search(output)


def on_post_template(output: str, *, template_name: str, config: MkDocsConfig) -> str:
    """Name the dialog of the search on the page for a wrong address, and say there what to do."""
    if template_name != "404.html":
        return output
    return named_search(output).replace("<h1>404 - Not found</h1>", NO_PAGE)


def named_search(html: str) -> str:
    """Return a page whose dialog of the search has a name for screen readers: the theme gives none.

    Parameters
    ----------
    html : str
        The page.

    Examples
    --------
    >>> named_search('<div class="md-search" role="dialog">')
    '<div class="md-search" aria-label="Search" role="dialog">'
    """
    return html.replace('<div class="md-search"', '<div class="md-search" aria-label="Search"')


def narrow_cells(html: str) -> str:
    """Return a page whose tables break a path behind a slash, and never an interval.

    Parameters
    ----------
    html : str
        The page.

    Examples
    --------
    >>> narrow_cells("<td><code>a/b.py</code> .5 [.4, .6]</td>")
    '<td><code>a/<wbr>b.py</code> .5 [.4,&nbsp;.6]</td>'
    >>> narrow_cells("<p><code>a/b.py</code> .5 [.4, .6]</p>")
    '<p><code>a/b.py</code> .5 [.4, .6]</p>'
    """
    return _CELL.sub(
        lambda cell: _INTERVAL.sub(
            r"\1&nbsp;\2", _CODE.sub(lambda code: code[0].replace("/", "/<wbr>"), cell[0])
        ),
        html,
    )


def moved(link: str, place: str, on_site: str) -> str:
    """Return a link of a page as it is on the site.

    Parameters
    ----------
    link : str
        A path from the page's folder in the repository.
    place, on_site : str
        Where the page is in the repository, and on the site.

    Examples
    --------
    >>> moved("../../CITATION.cff", "docs/tutorials/researcher.md", "tutorials/researcher.md")
    '../CITATION.cff'
    >>> moved("docs/reference/files.md", "README.md", "index.md")
    'reference/files.md'
    """
    target = posixpath.normpath(posixpath.join(posixpath.dirname(place), link))
    new = PLACES.get(target, target.removeprefix("docs/"))
    return posixpath.relpath(new, posixpath.dirname(on_site) or ".")
