"""The site made from entries."""
