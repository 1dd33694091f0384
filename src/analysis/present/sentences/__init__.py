"""Sentences computed from released tables: hedged, with denominators, and honest about what is hidden or unknown."""
