"""The settings of every command as tables, for `--help` and docs/reference/commands.md (`main` prints it)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from importlib.resources import files
from io import StringIO
from typing import Any, get_type_hints

import yaml
from omegaconf import OmegaConf
from rich import box
from rich.console import Console
from rich.table import Table

from mriprivacy.challenge.settings.compose import compose_raw, fits, groups_of, leaves, schema_of
from mriprivacy.challenge.settings.runner import COMMANDS, EXAMPLES
from mriprivacy.data_prep.formats.settings import REQUIRED, default_of, expected, settings_of

_HEADER = """# Commands

Made from the dataclasses of the settings by `python -m mriprivacy.challenge.settings.commands_page`; a test
compares. `mriprivacy COMMAND [key=value ...]`; `--help` shows the same settings, `--cfg job` the composed
values, `-m` sweeps comma-separated values. A setting of a group stands below the group's name:
`attack=geo attack.condition=bald`.

Exit status: 0 done; 2 the input is wrong, one line a problem; 1 a fault of the kit. Of `qc` also 3 if a face
or a part of one is left in a scan, and 4 if none is, but that is unknown of a scan.
"""
_HEAD = ("setting", "values", "default", "meaning")


@dataclass(frozen=True)
class _Row:
    key: str
    values: str
    default: str
    meaning: str


@dataclass(frozen=True)
class _Option:
    """An option of a group: what its file says of it, and the values that it changes."""

    name: str
    about: str
    changes: str


def help_page(command: str, overrides: Sequence[str]) -> str:
    """Return the settings of a command, at most 100 columns wide, with the values that overrides give."""
    schema, now = schema_of(command), leaves(compose_raw(command, overrides))
    text = StringIO()
    console = Console(file=text, width=100, color_system=None, highlight=False, emoji=False, markup=False)
    console.print(f"mriprivacy {command}: {COMMANDS[command]}\n")
    console.print(f"mriprivacy {command} [key=value ...]; --cfg job prints the values, -m sweeps a,b,c")
    console.print(f"for example: {example(command)}")
    for title, rows in _sections(schema, now).items():
        console.print()
        if title:
            options = [one for one in _options(title) if fits(command, f"{title}={one.name}")]
            names = ", ".join(one.name for one in options)
            console.print(f"  {title}=OPTION   one of {names}; usually {groups_of(schema)[title]}")
            listed = Table(box=None, width=100, padding=(0, 0, 0, 4), show_header=False)
            for one in options:
                listed.add_row(one.name, one.about)
            console.print(listed)
        if rows:
            table = Table(box=box.SIMPLE_HEAD, width=100, pad_edge=False)
            values = max(15, *(_longest_word(row.values) for row in rows))
            defaults = max(14, *(_longest_word(row.default) for row in rows))
            # What these two need beyond the usual comes from the empty part of the first column.
            keys = max(27 + 15 + 14 - values - defaults, *(len(row.key) for row in rows))
            for head, width in zip(_HEAD, (keys, values, defaults, None), strict=True):
                table.add_column(head, width=width)
            for row in rows:
                table.add_row(row.key, row.values, row.default, row.meaning)
            console.print(table)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def _longest_word(cell: str) -> int:
    """Return the width at which no word of a cell is cut: people copy these words.

    Examples
    --------
    >>> _longest_word("starting_kit, grand_challenge"), _longest_word("")
    (15, 0)
    """
    return max(map(len, cell.split()), default=0)


def example(command: str) -> str:
    """Return a whole command line that works once its files are there.

    Examples
    --------
    >>> example("rank")
    'mriprivacy rank entries=entries output=board'
    """
    return f"mriprivacy {command} {EXAMPLES[command]}".rstrip()


def manual() -> str:
    """Return the reference of all commands as Markdown."""
    parts, groups = [_HEADER], dict[str, dict[type, str]]()
    for name, purpose in COMMANDS.items():
        schema = schema_of(name)
        parts.append(f"## {name}\n\n{purpose[0].upper()}{purpose[1:]}: `{example(name)}`\n")
        used = groups_of(schema)
        if used:
            words = ", ".join(f"`{group}`" for group in used)
            defaults = " ".join(f"`{group}={option}`" for group, option in used.items())
            parts.append(f"Groups (below): {words}; by default {defaults}.\n")
        parts.append(_markdown(_sections(schema, {}).get("", [])))
        for group, kind in _kinds(schema).items():
            before = groups.setdefault(group, {}).get(kind, "")
            groups[group][kind] = f"{before}, `{name}`" if before else f"`{name}`"
    parts.append("# Groups\n")
    for group, kinds in groups.items():
        parts.append(f"## {group}\n")
        rows = [(one.name, one.about, one.changes) for one in _options(group)]
        parts.append(_table(("option", "", "changes"), [(f"`{group}={n}`", a, c) for n, a, c in rows]))
        for kind, commands in kinds.items():
            if len(kinds) > 1:
                parts.append(f"With {commands}:\n")
            prefix = "edition." if group == "standard" else f"{group}."
            parts.append(_markdown(_rows(kind, prefix, {})))
    return "\n".join(part for part in parts if part)


def _kinds(schema: type) -> dict[str, type]:
    """Return the dataclass of every group of a command."""
    hints = get_type_hints(schema)
    own = [one for one in fields(schema) if "group" in one.metadata]
    return {one.metadata["group"] or one.name: hints[one.name] for one in own}


def _sections(schema: type, now: dict[str, Any]) -> dict[str, list[_Row]]:
    """Return the settings of a command by the group to which they belong; first those of none."""
    of = {one.name: one.metadata["group"] or one.name for one in fields(schema) if "group" in one.metadata}
    sections: dict[str, list[_Row]] = {"": []} | {group: [] for group in of.values()}
    for row in _rows(schema, "", now):
        sections[of.get(row.key.partition(".")[0], "")].append(row)
    return {title: rows for title, rows in sections.items() if rows or title}


def _rows(schema: type, prefix: str, now: dict[str, Any]) -> list[_Row]:
    """Return the settings of a dataclass; with composed values, of groups those of the chosen option."""
    rows, every = [], list(settings_of(schema, prefix))
    chosen = {key.rpartition(".")[0]: now.get(key) for key, one, _ in every if one.metadata["about"].chosen}
    for key, one, kind in every:
        about, option = one.metadata["about"], chosen.get(key.rpartition(".")[0])
        if about.chosen or (option and about.only and option not in about.only):
            continue
        value = now.get(key, default_of(one))
        default = "required" if value == REQUIRED else _shown(value)
        only = f" ({key.partition('.')[0]}={', '.join(about.only)} only)" if about.only and not now else ""
        rows.append(_Row(key, expected(one, kind).removeprefix("one of "), default, about.meaning + only))
    return rows


def _options(group: str) -> list[_Option]:
    """Return the options of a group, from their files in `conf/`."""
    found = []
    for path in sorted((files("mriprivacy.conf") / group).iterdir(), key=lambda path: path.name):
        if path.name.endswith(".yaml"):
            source = path.read_text(encoding="utf-8")
            about = " ".join(line for line in re.findall(r"^# (.+)$", source, re.M) if "@package" not in line)
            content = {k: v for k, v in (yaml.safe_load(source) or {}).items() if k != "defaults"}
            changes = {k: v for k, v in leaves(OmegaConf.create(content)).items() if k not in _NAMES}
            text = "<br>".join(f"`{key}={_shown(value)}`" for key, value in changes.items())
            found.append(_Option(path.name.removesuffix(".yaml"), about, text))
    return found


_NAMES = ("name", "source", "backend")


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _markdown(rows: list[_Row]) -> str:
    cells = [(f"`{r.key}`", r.values, f"`{r.default}`" if r.default else "", r.meaning) for r in rows]
    return _table(_HEAD, cells)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    print(manual(), end="")
