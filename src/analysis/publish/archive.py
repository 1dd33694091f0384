"""Office files without the moment and the hand that made them, so that equal contents are equal bytes."""

import io
import re
import zipfile
from datetime import date

UNDATED = date(2000, 1, 1)  # of a release without a cut-off date: the moment of making would differ each time
_DATE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file can hold


def settled(content: bytes, day: date) -> bytes:
    """An Office file (a zip) written again: fixed dates, and the same for each workbook that is embedded in it.

    Entries keep their order; `day` becomes the date of making and of change in the properties. Raises
    zipfile.BadZipFile for what is no Office file.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            entry.create_system = 0  # the same on every operating system
            new.writestr(entry, _part(name, old.read(name), day))
    return target.getvalue()


def _part(name: str, content: bytes, day: date) -> bytes:
    if name.endswith(".xlsx"):
        return settled(content, day)
    if name == "docProps/core.xml":
        return _DATE.sub(f"{day}T00:00:00Z".encode(), content)
    return content
