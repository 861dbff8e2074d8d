"""Synthetic people: their heads, what a scanner and a camera make of them."""
