"""Asking hubs to tell of what is new at their topics, to go on telling, or to stop (WebSub, section 5.1)."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Final

from blog.changes.hub_leases import claim_errands, note_refusal
from blog.domain.errors import CrosstagError
from blog.domain.websub import WANTED_LEASE, Mode

if TYPE_CHECKING:
    from blog.changes.hub_leases import Errand
    from blog.poller.asking import Network
    from blog.services import Services

AT_ONCE: Final = 16
CALLBACK: Final = "/websub/"
log = logging.getLogger(__name__)


def ask_hubs(services: Services, network: Network) -> int:
    """Ask all hubs that are due to be, and wait for their answers; return how many were asked.

    Nothing is asked where the blog does not know its own address, which hubs have to call.
    """
    if not network.settings.base_url:
        return 0
    count = 0
    while errands := claim_errands(services, AT_ONCE):
        threads = [
            threading.Thread(target=_run, args=(services, network, errand), daemon=True) for errand in errands
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        count += len(errands)
    return count


def _run(services: Services, network: Network, errand: Errand) -> None:
    """Ask a hub once. What it means by a yes it says by asking back, which another process hears."""
    try:
        answer = network.send(errand.hub, _fields(errand, network.settings.base_url))
        if answer.status >= 300:
            note_refusal(services, errand, f"{answer.url} answered {answer.status}, which is no yes.")
    except CrosstagError as error:
        note_refusal(services, errand, error.sentence)
    except Exception as error:  # whatever it is, the others go on
        log.exception("The hub %s could not be asked", errand.hub)
        note_refusal(services, errand, f"It could not be asked, for a reason that nobody foresaw: {error!r}.")


def _fields(errand: Errand, base_url: str) -> list[tuple[str, str]]:
    fields = [
        ("hub.mode", errand.mode.value),
        ("hub.topic", errand.topic),
        ("hub.callback", f"{base_url}{CALLBACK}{errand.token}"),
    ]
    if errand.mode is Mode.SUBSCRIBE:
        fields += [
            ("hub.lease_seconds", f"{WANTED_LEASE.total_seconds():.0f}"),
            ("hub.secret", errand.secret),
        ]
    return fields
