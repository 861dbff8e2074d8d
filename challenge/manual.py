"""docs/commands.md, from `conf/`: `python -m challenge.manual > docs/commands.md`."""

import re
from importlib.resources import files
from importlib.resources.abc import Traversable

import yaml

from challenge.cli import COMMANDS

_HEADER = """# Commands

Made from `conf/` by `python -m challenge.manual`; a test compares. `mriprivacy COMMAND [key=value ...]`;
`--help` shows the same settings, `--cfg job` what they come to, `-m` sweeps comma-separated values.
`???` must be given. A setting of a group stands below the group's name: `attack=geo attack.condition=bald`.

Exit status: 0 done; 2 the input is wrong, one line a problem; 1 a fault of the kit.
"""
_SETTING = re.compile(r"(?P<indent> *)(?P<key>\w+):(?: (?P<value>.*?))?(?: +# (?P<what>.*))?")


def manual() -> str:
    """Return the reference of all commands as Markdown."""
    conf = files("conf")
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
        parts.append(_table(source))
        groups |= dict.fromkeys(used)
    parts.append("# Groups\n")
    for group in groups:
        options = sorted((conf / group).iterdir(), key=lambda path: path.name)
        parts.append(f"## {group}\n")
        parts += [_option(group, path) for path in options if path.name.endswith(".yaml")]
    return "\n".join(part for part in parts if part)


def _option(group: str, path: Traversable) -> str:
    source = path.read_text(encoding="utf-8")
    what = [line[2:] for line in source.splitlines() if line.startswith("# ") and "@package" not in line]
    title = f"`{group}={path.name.removesuffix('.yaml')}`"
    package = re.search("^# @package (.+)$", source, re.M)
    table = _table(source, f"{package[1] if package else group}.")
    return f"### {title}\n\n" + (f"{' '.join(what)}\n\n" if what else "") + table


def _groups(source: str) -> dict[str, str]:
    listed = (yaml.safe_load(source) or {}).get("defaults", [])
    return {str(k): str(v) for one in listed if isinstance(one, dict) for k, v in one.items()}


def _table(source: str, prefix: str = "") -> str:
    """Tabulate the settings of a file: key, value and the comment behind it."""
    rows, above = [], ""
    for line in source.splitlines():
        match = _SETTING.fullmatch(line)
        if not match or match["key"] == "defaults":
            continue
        key = f"{above}.{match['key']}" if match["indent"] else match["key"]
        if not match["indent"]:
            above = match["key"]
        value, what = match["value"] or "", (match["what"] or "").replace("|", "\\|")
        if value.startswith("# "):
            value, what = "", value[2:]
        rows.append(f"| `{prefix}{key}` | {f'`{value}`' if value else ''} | {what} |")
    return "\n".join(["| setting | default | |", "|---|---|---|", *rows, ""]) if rows else ""


if __name__ == "__main__":
    print(manual(), end="")
