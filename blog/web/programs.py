"""What programs use, wired together: the API, Micropub, IndieAuth, and where hubs and other sites call.

All of it asks for a token, or for nothing, and never looks at a cookie; that is why the check of forms is
left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blog.web import rates, webmention
from blog.web.admin import indieauth as consent_page
from blog.web.admin.tokens import tokens
from blog.web.api.routes import api
from blog.web.indieauth import indieauth
from blog.web.micropub.views import micropub
from blog.web.sessions import csrf
from blog.web.websub import websub

if TYPE_CHECKING:
    from flask import Flask


def register(app: Flask) -> None:
    """Add it to the app."""
    rates.attach(app)
    webmention.attach(app)
    for blueprint in (api, micropub, indieauth, websub, webmention.webmention):
        csrf.exempt(blueprint)
        app.register_blueprint(blueprint)
    # Of the consent page only the trading of codes is left out: there it is an app that asks.
    csrf.exempt(consent_page.profile)
    for blueprint in (consent_page.consent, tokens):
        app.register_blueprint(blueprint)
