"""Does asking help, and are we sure: grids of runs, statistics, reports."""
