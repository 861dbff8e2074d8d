"""A scoring service on the organizer's machine: platforms forward submissions, the key stays at home.

`spool` keeps what arrived, whole or not at all, until it has an answer.
`desk` evaluates one submission after the other as `evaluate` does. `server` is the door: HTTP, for a proxy.
"""
