"""Measure what grows: `python -m bench scale [waiting] [fan-out] [--runs N] [--home DIR]`."""

from __future__ import annotations

from bench.scale.command import main

main()
