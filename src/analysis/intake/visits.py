"""Visits to a server that may be slow, broken or going round in circles: bounded in attempts, time and pages."""

import time
from dataclasses import dataclass


class Unreachable(Exception):
    """The server gave no usable answer within the patience that it was given; the text says what happened."""


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for: attempts per page, seconds between them (doubling, up to `longest`), seconds
    per answer, and pages per table."""

    attempts: int = 4
    wait: float = 1.0
    longest: float = 20.0
    timeout: float = 60.0
    pages: int = 500

    def pause(self, attempt: int) -> float:
        """Seconds before attempt 2, 3, ...: `wait`, twice that, four times, never more than `longest`."""
        return min(self.wait * 2 ** (attempt - 2), self.longest)


def session(patience: Patience) -> type:
    """A class of `requests.Session` whose instances together visit no page twice and not more pages than allowed.

    What may pass (a dropped connection, no answer in time, a status of 429 or 500 and above, half a JSON text) is tried
    again; then `Unreachable` is raised. Other statuses are the caller's to judge.
    """
    import requests

    seen: set[str] = set()

    class Patient(requests.Session):
        def send(self, request, **options):
            _once(request.url, seen, patience)
            options["timeout"] = patience.timeout
            trouble = ""
            for attempt in range(1, patience.attempts + 1):
                if attempt > 1:
                    time.sleep(patience.pause(attempt))
                try:
                    answer = super().send(request, **options)
                except requests.RequestException as error:
                    trouble = type(error).__name__
                    continue
                trouble = _trouble(answer)
                if not trouble:
                    return answer
            raise Unreachable(f"{request.url.split('?')[0]}: {trouble}, {patience.attempts} times")

    return Patient


def _once(url: str, seen: set[str], patience: Patience) -> None:
    if url in seen:
        raise Unreachable(f"{url.split('?')[0]}: its pages go round in a circle; nothing of it is used")
    if len(seen) >= patience.pages:
        raise Unreachable(
            f"{url.split('?')[0]}: more than {patience.pages} pages; ask for less with `where` or `areas`"
        )
    seen.add(url)


def _trouble(answer) -> str:
    """Why an answer is worth another attempt; empty when it can be used or never will be."""
    if answer.status_code == 429 or answer.status_code >= 500:
        large = "; large selections are answered so, ask for less" if answer.status_code == 500 else ""
        return f"answered {answer.status_code}{large}"
    if answer.ok:
        try:
            answer.json()
        except ValueError:
            return "answered half a text"
    return ""
