"""Files as people send them, to checked frames: readers, conversion by the codebook, checks, privacy, public data."""
