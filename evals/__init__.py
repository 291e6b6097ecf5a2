"""How good the authoring is, measured. Empty in this version: see README.md for what will live here."""
