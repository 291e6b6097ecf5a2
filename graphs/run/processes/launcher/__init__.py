"""The program that starts programs: run as a folder, never imported. See `__main__.py`."""
