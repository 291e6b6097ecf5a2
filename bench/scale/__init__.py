"""How much Parley carries: many waiting runs, and much in one run. Minutes, not seconds: not among the benchmarks of `make bench`."""
