"""Passkeys (Web Authentication, Level 2), by the webauthn library; what is ours is what we insist on.

A passkey here is a discoverable credential that verifies its user, by a fingerprint or a PIN: it is two
factors in one, so it signs in without a password.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from blog.domain.errors import CrosstagError

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHALLENGE_BYTES: Final = 32
# What the library raises for what makes no sense; the last for JSON that is nested absurdly.
_NONSENSE: Final = (WebAuthnException, ValueError, KeyError, TypeError, RecursionError)


class BadPasskey(CrosstagError):
    """What the browser sent proves nothing."""


@dataclass(frozen=True, slots=True)
class Party:
    """Whom a passkey is for: the host that it is bound to, the origin of the page, a name for people."""

    id: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """The public half of a passkey that was just made."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def new_challenge() -> bytes:
    """Return what a passkey is to sign, once."""
    return secrets.token_bytes(_CHALLENGE_BYTES)


def creation_options(party: Party, user_id: int, name: str, known: Sequence[bytes], challenge: bytes) -> str:
    """Return, as JSON, what ``navigator.credentials.create`` is asked for; ``known`` are not made again."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=str(user_id).encode(),
        user_name=name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return options_to_json(options)


def created(party: Party, credential: str, challenge: bytes) -> NewPasskey:
    """Return the passkey that a browser has made.

    Raises:
        BadPasskey: it is for another challenge, host or origin, or is none at all.
    """
    try:
        found = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except _NONSENSE as error:
        raise BadPasskey("This passkey could not be verified. Try to make it again.") from error
    return NewPasskey(found.credential_id, found.credential_public_key, found.sign_count)


def request_options(party: Party, challenge: bytes) -> str:
    """Return, as JSON, what ``navigator.credentials.get`` is asked for: any passkey of this blog's."""
    options = generate_authentication_options(
        rp_id=party.id, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return options_to_json(options)


def credential_id(credential: str) -> bytes:
    """Return which passkey a browser says has signed.

    Raises:
        BadPasskey: it says nothing that makes sense.
    """
    try:
        return parse_authentication_credential_json(credential).raw_id
    except _NONSENSE as error:
        raise BadPasskey("This is no answer of a passkey.") from error


def signed(party: Party, credential: str, challenge: bytes, public_key: bytes, sign_count: int) -> int:
    """Return the passkey's new count of signatures, if it has signed the challenge.

    Raises:
        BadPasskey: it has not; or its count went back, as that of a copy does.
    """
    try:
        found = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except _NONSENSE as error:
        raise BadPasskey("This passkey could not be verified.") from error
    return found.new_sign_count
