"""Every figure of entries in one table, as pandas reads it."""

from pathlib import Path

import pandas as pd

from mriprivacy.challenge.entry.entry_file import read_entries, write_entry
from mriprivacy.challenge.entry.figures import COLUMNS, read_figures
from tests.helpers.board_entries import made_up


def test_one_call_loads_all_entries(tmp_path: Path) -> None:
    for number in range(3):
        write_entry(tmp_path, made_up(number))
    entries = read_entries(tmp_path)
    table = read_figures(tmp_path)
    assert list(table.columns) == list(COLUMNS)
    for entry in entries:
        own = table[table.system == entry.system]
        for result in entry.results:
            of_one = own[(own.attacker == result.name) & (own.level == result.level)]
            of_one = of_one[of_one.trial_list == result.trial_list].set_index("metric")
            for metric, one in result.figures.items():
                assert pd.isna(of_one.value[metric]) or of_one.value[metric] == one.value
                assert of_one.n[metric] == one.n
            assert set(of_one.counts_for_rank) == {result.rates}
