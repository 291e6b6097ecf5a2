"""What agents remember. Empty in this version: see README.md for what will live here."""
