"""Tables: the kit's own, strictly; those of others, as they are.

`tsv` reads and writes the tables of an edition, `score_table` labelled scores from anywhere. `foreign_table`
and `foreign_text` read what hospitals have.
"""
