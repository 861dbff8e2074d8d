"""Entries become a board, reports and a site.

`standings` decides who stands where, `tables` and `system_tables` say what is shown. `markdown`, `html`,
`site`, `report` and `terminal` show it, each in its own form. `glossary` explains every term that appears.
"""
