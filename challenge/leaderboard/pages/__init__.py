"""The board, an entry and a system as pages, each form of output in its own file.

`terminal` prints a verdict, `markdown` writes LEADERBOARD.md, `site`, `report` and `card` are web pages
made by `html`. `glossary` explains every term that appears.
"""
