"""A text in the two languages of the reports."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """A text in Dutch and in English; `text["nl"]` picks by language code."""

    nl: str
    en: str

    def __getitem__(self, language: str) -> str:
        if language not in ("nl", "en"):
            raise KeyError(f"language {language!r} is not known; choose 'nl' or 'en'")
        return self.nl if language == "nl" else self.en
