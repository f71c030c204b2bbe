"""The first author, passkeys and sessions, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from authoring import Author, browsing, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.browser


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def author(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Author]:
    with browsing() as browser, serving(tmp_path / "data") as server:
        author = Author(browser, server, java_script_enabled=request.param)
        yield author
        assert author.complaints == []


def test_the_first_author_is_created_by_the_printed_link_and_signs_in_again(author: Author) -> None:
    author.become_first_author()
    page = author.page
    page.goto("/admin/account/")
    page.click("text=Sign out")
    page.goto("/admin/account/")
    assert "/admin/login?next=" in page.url
    page.fill("#name", "ada")
    page.fill("#password", "not the password")
    page.click("main button:has-text('Sign in')")
    assert page.inner_text("[role=alert]") == "This name and this password do not belong together."
    assert page.input_value("#name") == "ada"
    page.fill("#password", "correct horse battery")
    page.click("main button:has-text('Sign in')")
    assert page.url.endswith("/admin/account/")


@pytest.fixture
def with_scripts(tmp_path: Path) -> Iterator[Author]:
    with browsing() as browser, serving(tmp_path / "data") as server:
        author = Author(browser, server)
        yield author
        assert author.complaints == []


def test_a_passkey_signs_in_without_a_password(with_scripts: Author) -> None:
    author, page = with_scripts, with_scripts.page
    # The browser's own stand-in for a device with a fingerprint reader.
    devtools = author.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    authenticator = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": device})["authenticatorId"]
    author.become_first_author()
    page.goto("/admin/account/")
    page.bring_to_front()  # a browser makes passkeys for the window that has the focus, and no other
    page.fill("#passkey_name", "phone")
    page.click("text=Make a passkey")
    page.wait_for_selector("text=The passkey is kept")
    author.shoot("account-passkeys")
    page.click("text=Sign out")
    page.goto("/admin/login?next=/admin/account/")
    page.click("text=Sign in with a passkey")
    page.wait_for_url("**/admin/account/")
    assert "last used" in page.inner_text("#passkeys")

    # Who cannot show a fingerprint is not let in, even with the device in hand.
    page.click("text=Sign out")
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    page.goto("/admin/login")
    page.click("text=Sign in with a passkey")
    page.wait_for_timeout(300)
    assert page.url.endswith("/admin/login")

    # Nor by a passkey that was taken away.
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": True})
    author.sign_in()
    page.goto("/admin/account/")
    page.click("text=Take away")
    page.click("text=Sign out")
    page.goto("/admin/login")
    assert not page.is_visible("text=Sign in with a passkey")
