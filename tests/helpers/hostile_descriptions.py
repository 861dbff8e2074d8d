"""Files submission.json to be refused, by what is wrong with them; each with words of its reason."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

Spoil = Callable[[Path], object]


def describe(**changes: object) -> Spoil:
    def spoil(folder: Path) -> None:
        path = folder / "submission.json"
        content = {**json.loads(path.read_text()), **changes}
        path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))

    return spoil


def verbatim(content: bytes) -> Spoil:
    return lambda folder: (folder / "submission.json").write_bytes(content) and None


# From Python 3.13 on json reads lists in lists as deep as such a file has room for.
DEEP = "is nested too deeply" if sys.version_info < (3, 13) else "holds a list; expected an object"
DESCRIPTIONS = {
    "none": (lambda f: (f / "submission.json").unlink(), "submission.json: no such file"),
    "not JSON": (verbatim(b"team: a"), "is not JSON: Expecting value, line 1"),
    "a list": (verbatim(b"[]"), "holds a list; expected an object"),
    "empty": (verbatim(b" "), "is not JSON"),
    "BOM": (verbatim(b"\xef\xbb\xbf{}"), "byte order mark"),
    "not UTF-8": (verbatim(b'{"team": "\xff"}'), "is not UTF-8"),
    "NaN": (verbatim(b'{"team": NaN}'), "has NaN, which is not JSON"),
    "infinite": (verbatim(b'{"team": 1e999}'), "has '1e999', which is too large"),
    "names twice": (verbatim(b'{"team": "a", "team": "b"}'), "names 'team' twice"),
    "deep": (verbatim(b"[" * 8000 + b"]" * 8000), DEEP),
    "endless number": (verbatim(b'{"team": ' + b"9" * 5000 + b"}"), "submission.json: "),
    "large": (verbatim(b" " * 20_000), "is larger than 16384 bytes"),
    "a link": (
        lambda f: (
            (f / "submission.json").rename(f.parent / "j") and (f / "submission.json").symlink_to("../j")
        ),
        "is a link",
    ),
    "ORCID with a wrong check digit": (describe(orcids="0000-0002-1825-0098"), "expected 1-20 ORCID iDs"),
    "ORCIDs parted by spaces": (
        describe(orcids="0000-0002-1825-0097 0000-0002-1694-233X"),
        "separated by commas",
    ),
    "address for a DOI": (describe(doi="https://doi.org/10.1000/x"), "expected a DOI such as"),
    "DOI with markup": (describe(doi="10.1000/<b>"), "expected a DOI such as"),
    "no team": (describe(team=None), "team is missing"),
    "unknown field": (describe(scores=[1]), "unknown fields 'scores'"),
    "number for text": (describe(team=5), "team is a int; expected text"),
    "other edition": (describe(edition="tiny/2027.1"), "edition is tiny/2027.1; this edition is tiny/2026.1"),
    "no such track": (describe(track="deface"), "track is 'deface'; expected defacing, attack or attributes"),
    "interpolation": (describe(system="${oc.env:HOME}"), "system is '${oc.env:HOME}'"),
    "markup": (describe(system="<b>x</b>"), "system is '<b>x</b>'"),
    "path": (describe(team="../../x"), "team is '../../x'"),
    "hidden": (describe(team=".x"), "team is '.x'"),
    "table cell": (describe(team="a|b"), "team is 'a|b'"),
    "separator of entries": (describe(team="a__b"), "no '__'"),
    "separator at the end": (describe(team="a_"), "team is 'a_'"),
    "look-alike": (describe(team="tеam"), r"team is 't\u0435am'"),
    "too long": (describe(team="a" * 41), "1-40 letters"),
    "line feed": (describe(description="a\nb"), "without control or formatting characters"),
    "line separator": (describe(description="a\u2028# b"), r"description is 'a\u2028# b'; expected 1-500"),
    "paragraph separator": (describe(description="a\u2029b"), "formatting"),
    "right to left": (describe(description="a\u202eb"), "formatting"),
    "half a character": (verbatim(b'{"description": "\\ud800"}'), r"'\ud800'"),
    "decomposed": (describe(description="e\u0301"), "composed (NFC)"),
    "no contact": (describe(contact="me"), "expected an e-mail address"),
    "two lines of contact": (describe(contact="a@b.org\nBcc: c@d.org"), "expected an e-mail address"),
    "no licence": (describe(licence=""), "licence is ''"),
    "no networks": (describe(networks=""), "networks is ''; expected NAME@SHA256"),
    "networks without weights": (describe(networks="Dlib"), "networks is 'Dlib'; expected NAME@SHA256"),
    "part of a signature": (describe(networks="Dlib@2316b25a | seed:1"), "expected NAME@SHA256"),
    "networks of a defacer": (
        describe(networks="Dlib@2316b25a", track="defacing"),
        "networks is there; expected it of attack and attributes only",
    ),
    "a draw of no name": (describe(draw_of="../x", track="defacing"), "draw_of is '../x'; expected 1-40"),
    "a draw of a number": (describe(draw_of=2, track="defacing"), "draw_of is a int; expected text"),
    "a draw of nothing": (describe(draw_of="", track="defacing"), "draw_of is ''; expected 1-40 letters"),
    "a draw of itself": (
        describe(draw_of="System", system="system", track="defacing"),
        "draw_of is 'System'; expected the name of another system",
    ),
    "a draw of an attack": (
        describe(draw_of="first", track="attack"),
        "draw_of is there; expected it of defacing only",
    ),
}
