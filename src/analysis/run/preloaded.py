"""Importing this module makes the importing process a warm one; the fork server imports it, nothing else does."""

from analysis.run.warm import preload

preload()
