"""The same tests for every adapter of a port; `adapters.py` lists them."""
