"""Who shows a token, and whether it may be used for what is asked (RFC 6750).

The views that look here never look at a cookie: another site can make a browser send that, but cannot
make it send a token. So they need no token of a form, either, and are left out of that check.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from flask import g, request

from blog.auth.scopes import GRANTED_BY, Right, allows, may_publish
from blog.changes.tokens import NOTED, note_used
from blog.domain.entry import Status
from blog.domain.errors import CrosstagError
from blog.queries.tokens import bearer_of
from blog.web.context import services
from blog.web.rates import refuse_too_fast

if TYPE_CHECKING:
    from blog.domain.entry import Draft
    from blog.queries.tokens import Bearer

_SCHEME: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*) *", re.IGNORECASE)
FIELD: Final = "access_token"


class BearerError(CrosstagError):
    """The request does not prove that it may be made.

    ``code`` is the word of RFC 6750, section 3.1, and empty where the request brings nothing at all;
    ``scope`` says what it would take.
    """

    def __init__(self, status: int, code: str, sentence: str, scope: str = "") -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.scope = scope

    @property
    def challenge(self) -> str:
        """The value of ``WWW-Authenticate``; its strings are ASCII, without quotation marks."""
        said = {"realm": "crosstag", "error": self.code, "scope": self.scope}
        if self.code:
            said["error_description"] = self.sentence
        parts = (f'{name}="{_plain(value)}"' for name, value in said.items() if value)
        return f"Bearer {', '.join(parts)}"


class NeedsToken(BearerError):
    """Nothing was shown."""

    def __init__(self) -> None:
        super().__init__(401, "", "This needs a token, in the header Authorization: Bearer.")


class WrongToken(BearerError):
    """What was shown is no token, or one that has ended."""

    def __init__(self) -> None:
        super().__init__(401, "invalid_token", "This token is not known, or it has been revoked.")


class TwoTokens(BearerError):
    """A token came twice, or where it does not belong."""

    def __init__(self, sentence: str) -> None:
        super().__init__(400, "invalid_request", sentence)


class NotGranted(BearerError):
    """The token is not for this."""

    def __init__(self, right: Right) -> None:
        scopes = GRANTED_BY[right]
        listed = " or ".join(scopes)
        super().__init__(403, "insufficient_scope", f"This needs a token with the scope {listed}.", scopes[0])


class DraftsOnly(BearerError):
    """The token is for drafts, and what it is to write is to be something else."""

    def __init__(self) -> None:
        sentence = "This token is for drafts only; one with the scope create publishes."
        super().__init__(403, "insufficient_scope", sentence, "create")


def require(right: Right, *, in_form: bool = False) -> Bearer:
    """Return who asks, if they may; ``in_form`` says that the token may be a field of a form.

    Raises:
        BearerError: there is no token, two, or not a good one, or it is not for this.
        TooManyRequests: it is used too often.
    """
    found = bearer(in_form=in_form)
    if not allows(found.scopes, right):
        raise NotGranted(right)
    return found


def bearer(*, in_form: bool = False) -> Bearer:
    """Return who asks.

    Raises:
        BearerError: there is no token, two, or not a good one.
        TooManyRequests: it is used too often.
    """
    if "bearer" not in g:
        services().site.follow()
        token = _shown(in_form=in_form)
        found = bearer_of(services(), token)
        if found is None:
            raise WrongToken
        if in_form and "Authorization" in request.headers and FIELD in request.form:
            # Looked at last: nobody without a good token gets a large form read.
            raise TwoTokens("The token is given twice: once is enough, in the header or in the form.")
        refuse_too_fast(found.token_id)
        if found.last_used is None or services().clock() - found.last_used > NOTED:
            note_used(services(), found.token_id)
        g.bearer = found
    known: Bearer = g.bearer
    return known


def as_allowed(draft: Draft, *, is_said: bool = True) -> Draft:
    """Return a draft as this token may save it; ``is_said`` tells whether its status was asked for.

    Raises:
        DraftsOnly: it was, and the token is for drafts only.
    """
    if draft.status is Status.DRAFT or may_publish(bearer().scopes):
        return draft
    if is_said:
        raise DraftsOnly
    return replace(draft, status=Status.DRAFT)


def _shown(*, in_form: bool) -> str:
    if FIELD in request.args:
        raise TwoTokens("A token does not belong into an address: addresses are logged, and handed on.")
    header = request.headers.get("Authorization", "").strip()
    found = _SCHEME.fullmatch(header)
    if found:
        return found[1]
    if header.lower().startswith("bearer"):
        raise WrongToken
    fields = request.form.getlist(FIELD) if in_form and not header else []
    if not fields:
        raise NeedsToken
    if len(fields) > 1:
        raise TwoTokens("The token is given twice: once is enough.")
    return fields[0]


def _plain(text: str) -> str:
    return text.encode("ascii", "replace").decode().replace('"', "'").replace("\\", "/")
