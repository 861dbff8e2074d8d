"""Entries become a board, reports and a site.

`standings` decides who stands where, `tables` and `system_tables` say what is shown, and `verdict` says
it in a few lines. `pages` shows it, each form in its own file.
"""
