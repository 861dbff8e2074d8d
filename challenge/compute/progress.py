"""How far a step is: one view for every engine; where there is no terminal, only what failed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Tell that one more item is done; True for one that failed.
Advance = Callable[[bool], None]


@contextmanager
def progress(label: str, total: int) -> Iterator[Advance]:
    """Give what to call after each item.

    Parameters
    ----------
    label : str
        The step.
    total : int
        How many items it has.

    Yields
    ------
    callable
        In a terminal each call moves a bar with count, rate, time left and failures; else nothing is said
        but, when the step is over, how many items failed, if any did.
    """
    with _bar(label, total) if sys.stderr.isatty() else _line(label, total) as advance:
        yield advance


@contextmanager
def _line(label: str, total: int) -> Iterator[Advance]:
    failures: list[bool] = []
    yield failures.append
    if any(failures):
        print(f"{label}: {sum(failures)} of {total} failed", file=sys.stderr, flush=True)


@contextmanager
def _bar(label: str, total: int) -> Iterator[Advance]:
    # Tables are scored where there is no rich (challenge/export/scorer.py).
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    class Rate(TextColumn):
        def render(self, task: Task):  # type: ignore[no-untyped-def]
            speed = task.finished_speed or task.speed
            task.fields["rate"] = f"{speed:.3g}/s" if speed else ""
            return super().render(task)

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        Rate("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("[red]{task.fields[failures]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as view:
        task = view.add_task(label, total=total, rate="", failures="")
        failures: list[bool] = []

        def advance(failed: bool) -> None:
            failures.append(failed)
            view.update(task, advance=1, failures=f"{sum(failures)} failed" if any(failures) else "")

        yield advance
