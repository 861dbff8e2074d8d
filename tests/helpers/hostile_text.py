"""Text that would be markup, code or a terminal's command if anybody read it as such."""

from hypothesis import strategies as st

MARKDOWN = "| \\ ` ``` * ** _ __ ~ ~~ [a] [1,2] ]( ]: ! (x) &lt; &#60; & $x$ ![x](https://evil.example/x.png)"
HTML = "<b> <!-- --> <img/src=x> </td> ]]> <script>alert(1)</script> <https://evil.example> \" '> {{7}} {%x%}"
SVG = "#010001 href=\"#x\" url(#x) id='x'"
LINES = (
    "\n",
    "\r\n",
    "\u2028",
    "\x85",
    "\t",
    " ",
    "    ",
    "# ",
    "\n\n# Heading\n",
    "\n===",
    "\n---\n",
    "1. ",
)
LINES += ("1. ", "- ", "+ ", "> ", "\n| a |\n| --- |\n", "[a]: https://evil.example", "\n```\n", "| --- |")
CONTROLS = ("\x1b[2J", "\u202e", "\u200b", "\x00", "\ud800", "\ufffe", "\U0001f600")
PLAIN = ("a", "b_c", "Ä", "7", "https://a.example/?b=1&c_d=2", "W" * 50)
PIECES = (*MARKDOWN.split(), *HTML.split(), *SVG.split(), *LINES, *CONTROLS, *PLAIN)

WORST = "".join(PIECES)
HOSTILE = st.one_of(
    st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.just(WORST)
)
