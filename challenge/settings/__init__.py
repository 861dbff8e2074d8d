"""Settings: from `key=value` words to typed values.

`compose` lets Hydra compose them and checks them, `groups` holds those that several commands share. `runner`
knows the commands by name; `commands_page` writes docs/reference/commands.md, `help_pages` keeps the pages of
`--help`. `remote` fetches editions from a URL.
"""
