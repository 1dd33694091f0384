"""Reproduction: every released table and every published number made anew, compared, and certified.

Import from the modules: `expected` (what is committed), `basis` (what results rest on), `rerun` (making them anew),
`verdicts` (the comparison) and `certificate` (what is told).
"""
