"""Who subscribes to which feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint

from blog.queries.subscribers import DAYS, feed_subscribers, hub_state
from blog.web.admin.pages import admin_page
from blog.web.context import services

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

subscribers: Final = Blueprint("admin_subscribers", __name__, url_prefix="/admin/subscribers")


@subscribers.get("/")
def show() -> Response:
    """Show the feeds that were asked for of late, with how many read each."""
    found = feed_subscribers(services())
    return admin_page("subscribers.html", feeds=found, span=DAYS, hub=hub_state(services()))
