"""Every error the blog raises on purpose, with a sentence for the person who meets it.

    CrosstagError
    ├── BadFilter          an address that cannot mean a filter          (400)
    ├── BadTag             a name no tag can have
    ├── BadRule            a line that is no rule, and where it stops being one
    ├── NotThere           nothing lives at this address                 (404)
    ├── BadSettings        settings that cannot be used, all of them at once
    ├── BadImport          what was given to import cannot be read at all
    ├── FetchRefused       an address the blog will not fetch, or an answer it will not take
    │   └── BadStatus      the answer is a 4xx or a 5xx
    └── DataFolderInUse    another process holds what this one needs

One place turns them into HTTP (``blog/web/errors.py``) and one into exit codes
(``blog/cli.py``).
"""

from __future__ import annotations


class CrosstagError(Exception):
    """Base of all; ``str(error)`` is a sentence for a person."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class BadFilter(CrosstagError):
    """The address cannot be read as a filter."""


class BadTag(CrosstagError):
    """The name leaves nothing to make a tag's address of."""


class BadRule(CrosstagError):
    """The line cannot be read as a rule; ``position`` is the number of characters before what is wrong."""

    def __init__(self, sentence: str, position: int = 0) -> None:
        super().__init__(sentence)
        self.position = position


class NotThere(CrosstagError):
    """Nothing lives at the address."""


class BadSettings(CrosstagError):
    """One or more settings are wrong; ``mistakes`` names each with what to do about it."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("These settings cannot be used:\n" + "\n".join(f"  - {m}" for m in mistakes))
        self.mistakes = mistakes


class BadImport(CrosstagError):
    """What was given to import is in no format we know, or is broken from its first byte."""


class FetchRefused(CrosstagError):
    """The address is not one we fetch from, or its answer is too large, too slow or not there."""


class BadStatus(FetchRefused):
    """The answer is an error; ``retry_after`` is in how many seconds it says to ask again, if it does."""

    def __init__(self, sentence: str, status: int, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.retry_after = retry_after


class DataFolderInUse(CrosstagError):
    """Another process holds a lock that this one needs now."""
