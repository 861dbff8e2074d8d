"""Which settings a command also takes without their key."""

# Settings that a command also takes as bare words, in this order: `mriprivacy score FILE`.
POSITIONAL = {
    "show": ("entry",),
    "score": ("scores",),
    "compare": ("first", "second"),
    "completion": ("shell",),
}
