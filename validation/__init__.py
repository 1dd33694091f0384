"""Simulation study of the intervals that the notebooks show; README.md describes it, grid.yaml is its design."""
