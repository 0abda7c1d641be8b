"""One file an engine; untyped libraries stop here."""
