"""Sentences of Markdown, of messages in Python and of HTML, and how many words each has.

A semicolon or a colon does not end a sentence.
"""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser

# Names, figures and code are words, too; a dash, an arrow or a bracket is none.
_WORD = re.compile(r"\w[^\s]*")
_OPENS = r"[\"'(*_`\[☆★]*"  # what may stand before the first letter
_END = re.compile(rf"(?<=[.!?])[\"')*_]*\s+(?={_OPENS}[A-ZÄÖÜÉ]|{_OPENS}\d|[`\[☆★])")
_ABBREVIATED = re.compile(r"\b(e\.g|i\.e|cf|vs|Fig|al|St|approx|resp)\.(?=\s)")


def words(sentence: str) -> int:
    """Count the words of a sentence; `code` and the text of a link count as they are read.

    Examples
    --------
    >>> words("`deface defacer=blur` runs a [defacer](docs/x.md), once.")
    5
    """
    return len(_WORD.findall(_read(sentence)))


def sentences(text: str) -> list[str]:
    """Part a paragraph into sentences.

    Examples
    --------
    >>> sentences("It is .87 [.85, .89]. `x.py` holds it (Fig. 4). No.")
    ['It is .87 [.85, .89].', '`x.py` holds it (Fig. 4).', 'No.']
    """
    joined = _ABBREVIATED.sub("\\1\0", " ".join(text.split()))  # a dot that ends no sentence
    return [part.replace("\0", ".") for part in _END.split(joined) if part and part.strip()]


def _read(text: str) -> str:
    text = re.sub(r"``.+?``|`[^`]*`", "code", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"<[^>]+>|https?://\S+", "", text)


def of_markdown(text: str) -> Iterator[tuple[int, str]]:
    """Yield the sentences of a page with the line of their paragraph or cell; no code and no headings."""
    block: list[str] = []
    start, fenced = 0, False
    for number, line in enumerate([*text.splitlines(), ""], 1):
        fence = line.lstrip().startswith("```")
        item = re.match(r"\s*(\*|-|\d+\.)\s+|\s*>\s?|\s*\|", line)
        if fenced or fence or item or not line.strip() or line.startswith("#"):
            for sentence in sentences(" ".join(block)):
                yield start, sentence
            block, start = [], number
        if fence:
            fenced = not fenced
        elif line.lstrip().startswith("|"):
            for cell in re.split(r"(?<!\\)\|", line):
                for sentence in sentences(cell):
                    yield number, sentence
        elif not fenced and line.strip() and not line.startswith("#"):
            block.append(line[item.end() :] if item else line)
            start = start if block[1:] else number


def of_python(source: str) -> Iterator[tuple[int, str]]:
    """Yield the sentences of strings that a program can show: all but docstrings; `{...}` is one word."""
    tree = ast.parse(source)
    silent = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body
        if isinstance(node.body[0], ast.Expr)
    }
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in silent or id(node) in parts:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(p.value) if isinstance(p, ast.Constant) else "value" for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        for paragraph in re.split(r"\n\s*\n|\n(?=\s*[*-] )|\n(?=  )", text):
            for sentence in sentences(paragraph):
                yield node.lineno, sentence


class _Text(HTMLParser):
    """Collects paragraphs: text between block elements."""

    _INLINE = frozenset(
        ("a", "b", "i", "em", "strong", "span", "code", "abbr", "sub", "sup", "small", "time")
    )
    _SILENT = frozenset(("script", "style", "svg", "title", "head", "pre"))

    def __init__(self) -> None:
        super().__init__()
        self.paragraphs = [""]
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.silent += tag in self._SILENT
        if tag not in self._INLINE:
            self.paragraphs.append("")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in self._SILENT
        if tag not in self._INLINE:
            self.paragraphs.append("")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.paragraphs[-1] += data


def of_template(text: str) -> str:
    """Return a template as it could look: a value is one word, and what is set under a condition a paragraph.

    Examples
    --------
    >>> of_template("{{ a }} scans.{% if b %} Few.{% endif %}")
    'value scans.\\n\\n Few.\\n\\n'
    """
    return re.sub(r"\{%.*?%\}", "\n\n", re.sub(r"\{\{.*?\}\}", "value", text, flags=re.S), flags=re.S)


def of_html(page: str) -> list[str]:
    """Return the sentences of a page.

    Examples
    --------
    >>> of_html("<p>One <b>two</b>. Three.</p><script>no</script>")
    ['One two.', 'Three.']
    """
    parser = _Text()
    parser.feed(page)
    return [sentence for paragraph in parser.paragraphs for sentence in sentences(paragraph)]
