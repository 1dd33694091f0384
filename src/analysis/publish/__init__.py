"""Released tables to pages: nothing here reads anything but `reports/<study>/<unit>/tables/`."""

from analysis._lazy import lazy

_MODULES = {
    "contents": "Part Section sections",
    "html": "report index",
    "workbook": "table_book",
    "slides": "slide_deck",
    "factsheet": "fact_sheet",
    "site": "publish",
}
__getattr__, __dir__, __all__ = lazy(__name__, _MODULES)
