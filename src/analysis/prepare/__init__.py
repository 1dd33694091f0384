"""Raw to processed: declared corrections, types and levels by the codebook, checks, then one small function per
derived variable.

`whole` puts a study together, `receiving` makes one table of raw rows, `corrections` and `consistency` are what plan
and people settle, `deriving` has the derived variables.
"""

from analysis.prepare.receiving import raw_rows
from analysis.prepare.whole import Prepared, parts, prepare, reported, write

__all__ = ["Prepared", "parts", "prepare", "raw_rows", "reported", "write"]
