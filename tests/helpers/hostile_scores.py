"""Attack submissions to be refused, by what is wrong with them; each with words of its reason."""

import os
from collections.abc import Callable
from pathlib import Path

Spoil = Callable[[Path], object]


def rows(change: Callable[[list[str]], list[str]]) -> Spoil:
    """Change the lines of scores.tsv, header first."""

    def spoil(folder: Path) -> None:
        lines = (folder / "scores.tsv").read_text().splitlines(keepends=True)
        (folder / "scores.tsv").write_bytes("".join(change(lines)).encode())

    return spoil


def raw(change: Callable[[bytes], bytes]) -> Spoil:
    return lambda folder: (
        (folder / "scores.tsv").write_bytes(change((folder / "scores.tsv").read_bytes())) and None
    )


def score(text: str) -> Spoil:
    """Give the third line another score."""
    return rows(lambda lines: [*lines[:2], lines[2].rsplit("\t", 1)[0] + f"\t{text}\n", *lines[3:]])


def cells(line: str) -> list[str]:
    return line.rstrip("\n").split("\t")


def a_pipe(folder: Path) -> None:
    (folder / "scores.tsv").unlink()
    os.mkfifo(folder / "scores.tsv")


ATTACKS = {
    "no scores": (lambda f: (f / "scores.tsv").unlink(), "lacks files: scores.tsv"),
    "empty": (raw(lambda _: b""), "is empty"),
    "header only": (rows(lambda x: x[:1]), "has no rows; expected"),
    "swapped columns": (rows(lambda x: ["reference\tprobe\tscore\n", *x[1:]]), "the header is 'reference"),
    "swapped cells": (
        rows(lambda x: [x[0], "\t".join([*cells(x[1])[1::-1], cells(x[1])[2]]) + "\n", *x[2:]]),
        "trial that is not in the eval list: line 2",
    ),
    "duplicate row": (rows(lambda x: [*x, x[1]]), "trial given twice: line"),
    "duplicate with another score": (
        rows(lambda x: [*x, "\t".join([*cells(x[1])[:2], "9"]) + "\n"]),
        "trial given twice: line",
    ),
    "missing row": (rows(lambda x: x[:-1]), "trial missing: sub-"),
    "duplicate for a missing one": (rows(lambda x: [*x[:-1], x[1]]), "trial missing: sub-"),
    "extra row": (rows(lambda x: [*x, "sub-aaaaaaaa\tph-aaaaaaaa\t1\n"]), "not in the eval list: line"),
    "id NA": (rows(lambda x: [*x, "NA\tNA\t1\n"]), "'NA NA'"),
    "id 001": (rows(lambda x: [*x, "001\t002\t1\n"]), "'001 002'"),
    "upper case": (rows(lambda x: [x[0], x[1].upper(), *x[2:]]), "trial missing"),
    "1e999": (score("1e999"), "score is not a finite decimal number such as 0.25 or -1.5e-3: line 3 '1e999'"),
    "1e308": (
        score("1e308"),
        "score is beyond 1e+30 in magnitude; scale all scores down by one factor: line 3",
    ),
    "-1.01e30": (score("-1.01e30"), "score is beyond 1e+30 in magnitude"),
    "nan": (score("nan"), "line 3 'nan'"),
    "inf": (score("-inf"), "line 3 '-inf'"),
    "n/a": (score("n/a"), "line 3 'n/a'"),
    "nothing": (score(""), "score is empty"),
    "decimal comma": (score("0,5"), "line 3 '0,5'"),
    "underscore": (score("1_0"), "line 3 '1_0'"),
    "formula": (score("=2+3"), "line 3 '=2+3'"),
    "quoted": (score('"0.5"'), "score is empty, too long, quoted"),
    "interpolation": (score("${oc.env:HOME}"), "line 3 '${oc.env:HOME}'"),
    "escape codes": (score("\x1b[31m1"), r"line 3 '\x1b[31m1'"),
    "BOM": (raw(lambda x: b"\xef\xbb\xbf" + x), "byte order mark"),
    "UTF-16": (raw(lambda x: x.decode().encode("utf-16")), "is not UTF-8 text"),
    "CRLF": (raw(lambda x: x.replace(b"\n", b"\r\n")), "CR LF"),
    "NUL": (raw(lambda x: x.replace(b"\tph-", b"\0\tph-", 1)), "control character"),
    "cut off": (raw(lambda x: x[:-1]), "may be cut off"),
    "commas": (raw(lambda x: x.replace(b"\t", b",")), "the header is 'probe,reference,score'"),
    "spaces": (raw(lambda x: x.replace(b"\t", b" ")), "the header is"),
    "fourth column": (rows(lambda x: [line.replace("\n", "\t1\n") for line in x]), "the header is"),
    "index column": (rows(lambda x: [f"{i}\t{line}" for i, line in enumerate(x)]), "the header is"),
    "blank line": (rows(lambda x: [*x[:3], "\n", *x[3:]]), "does not have 3 cells: line 4 has 0"),
    "10^6 extra rows": (raw(lambda x: x + b"a\tb\t0\n" * 10**6), "scores.tsv: is larger than"),
    "12000 extra rows": (rows(lambda x: x + ["a\tb\t0\n"] * 12_000), "rows; expected at most"),
    "one endless line": (raw(lambda x: x + b"a" * 10**6), "does not have 3 cells"),
    "not a file": (
        lambda f: ((f / "scores.tsv").unlink(), (f / "scores.tsv").mkdir()),
        "do not belong there",
    ),
    "a link": (
        lambda f: (f / "scores.tsv").rename(f.parent / "s") and (f / "scores.tsv").symlink_to("../s"),
        "has links",
    ),
    "a pipe": (a_pipe, "do not belong there"),
    "another file": (
        lambda f: (f / "key.tsv").write_text("x"),
        "do not belong there; remove them: 'key.tsv'",
    ),
    "a folder": (lambda f: (f / "dev").mkdir(), "do not belong there; remove them: 'dev'"),
    "a link to outside": (lambda f: (f / "README.md").symlink_to("/etc/passwd"), "has links"),
    "a name with escapes": (lambda f: (f / "a\x1b[2Jb\n").write_text(""), r"'a\x1b[2Jb\n'"),
    "a name that is no text": (lambda f: Path(os.fsdecode(bytes(f) + b"/\xff")).write_text(""), r"'\udcff'"),
    "two problems": (lambda f: (score("nan")(f), (f / "x").write_text("")), "remove them: 'x'"),
}
