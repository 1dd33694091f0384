"""Figures of released tables: what is hidden is absent and named in the caption."""
