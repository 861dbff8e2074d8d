"""Datasets as they are: foreign tables, files and values are read, chosen, mapped, and put into a plan.

An organizer's own data are read forgivingly here, and each guess is written down for a person to sign off.
Submissions are read strictly, elsewhere (`data_prep.formats.tables.tsv`).
"""
