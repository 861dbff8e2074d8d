"""Write docs/reference/commands.md from `conf/`: `python -m mriprivacy.challenge.settings.commands_page`."""

import re
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import dropwhile, takewhile

import yaml

from mriprivacy.challenge.settings.runner import COMMANDS

_HEADER = """# Commands

Made from `conf/` by `python -m mriprivacy.challenge.settings.commands_page`; a test compares.
`mriprivacy COMMAND [key=value ...]`;
`--help` shows the same settings, `--cfg job` what they come to, `-m` sweeps comma-separated values.
`???` must be given. A setting of a group stands below the group's name: `attack=geo attack.condition=bald`.

Exit status: 0 done; 2 the input is wrong, one line a problem; 1 a fault of the kit.
"""
_SETTING = re.compile(r"(?P<indent> *)(?P<key>\w+):(?: (?P<value>.*?))?(?: +# (?P<what>.*))?")


def manual() -> str:
    """Return the reference of all commands as Markdown."""
    conf = files("mriprivacy.conf")
    groups: dict[str, None] = {}
    parts = [_HEADER]
    for name in COMMANDS:
        source = (conf / f"{name}.yaml").read_text(encoding="utf-8")
        parts.append(f"## {name}\n\n{COMMANDS[name][0].upper()}{COMMANDS[name][1:]}.\n")
        used = _groups(source)
        if used:
            words = ", ".join(f"`{group}`" for group in used)
            defaults = " ".join(f"`{group}={option}`" for group, option in used.items())
            parts.append(f"Groups (below): {words}; by default {defaults}.\n")
        parts.append(_table(_settings(source)))
        groups |= dict.fromkeys(used)
    parts.append("# Groups\n")
    sources = {
        f"{group}={path.name.removesuffix('.yaml')}": path.read_text(encoding="utf-8")
        for group in groups
        for path in sorted((conf / group).iterdir(), key=lambda path: path.name)
        if path.name.endswith(".yaml")
    }
    options = {title: _settings(source, _package(title, source)) for title, source in sources.items()}
    for title, settings in options.items():
        group = title.split("=")[0]
        if group in groups:
            parts.append(f"## {group}\n")
            del groups[group]
        # An option that changes another one gives no more than the new value: the words are the other's.
        bases = [f"{title.split('=')[0]}={base}" for base in _bases(sources[title])]
        said = {one.key: one.what for base in bases for one in options[base]}
        parts.append(f"### `{title}`\n")
        parts.append(_header(sources[title]))
        parts.append(_table([replace(one, what=one.what or said.get(one.key, "")) for one in settings]))
    return "\n".join(part for part in parts if part)


@dataclass(frozen=True)
class _Setting:
    key: str
    value: str
    what: str


def _package(title: str, source: str) -> str:
    """Return what stands before the keys of an option on the command line."""
    package = re.search("^# @package (.+)$", source, re.M)
    name = package[1] if package else title.split("=")[0]
    return "" if name == "_global_" else f"{name}."


def _header(source: str) -> str:
    """Return the comment that a file begins with."""
    lines = [line[2:] for line in takewhile(lambda line: line.startswith("# "), source.splitlines())]
    what = " ".join(line for line in lines if "@package" not in line)
    return f"{what}\n" if what else ""


def _groups(source: str) -> dict[str, str]:
    listed = (yaml.safe_load(source) or {}).get("defaults", [])
    return {str(k): str(v) for one in listed if isinstance(one, dict) for k, v in one.items()}


def _bases(source: str) -> list[str]:
    """Return the options of the same group that an option begins from."""
    listed = (yaml.safe_load(source) or {}).get("defaults", [])
    return [one.split("@")[0] for one in listed if isinstance(one, str) and one != "_self_"]


def _settings(source: str, prefix: str = "") -> list[_Setting]:
    """Return the settings of a file, each with the comment behind it or, if none is, above it."""
    found: list[_Setting] = []
    parent, above = "", [""]
    for line in dropwhile(lambda line: line.startswith("#"), source.splitlines()):
        if line.strip().startswith("# "):
            above.append(line.strip()[2:])
            continue
        match = _SETTING.fullmatch(line)
        if match and match["key"] != "defaults":
            key = f"{parent}.{match['key']}" if match["indent"] else match["key"]
            parent = parent if match["indent"] else match["key"]
            value, what = match["value"] or "", match["what"] or ""
            if value.startswith("# "):
                value, what = "", value[2:]
            found.append(_Setting(prefix + key, value, (what or " ".join(above).strip()).replace("|", "\\|")))
        above = []
    return found


def _table(settings: list[_Setting]) -> str:
    rows = [f"| `{one.key}` | {f'`{one.value}`' if one.value else ''} | {one.what} |" for one in settings]
    return "\n".join(["| setting | default | |", "|---|---|---|", *rows, ""]) if rows else ""


if __name__ == "__main__":
    print(manual(), end="")
