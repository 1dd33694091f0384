"""Truth: written in the next step."""
