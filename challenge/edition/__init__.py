"""An edition as its users meet it.

`public` opens the public side, `sealed` the organizer's side, `protocol` the settings of its evaluation.
`integrity` compares an edition with its manifest and commitment. `encryption` locks the sealed side.
"""
