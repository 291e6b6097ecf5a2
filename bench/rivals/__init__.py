"""The same 20 steps on several engines, side by side: `python -m bench rivals`."""
