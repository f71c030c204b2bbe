"""Writing the settings that the author may set in the browser; they hold at once, in every process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from blog.changes.log import record_settings
from blog.config import AMENDABLE, amended
from blog.models import Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from blog.services import Services


def save_settings(services: Services, wanted: Mapping[str, Any]) -> set[str]:
    """Set what differs from the operator's own settings, forget what does not; return the names that changed.

    What the settings file or the environment says is left alone.

    Raises:
        BadSettings: naming every value that is none for its setting.
    """
    given = services.site.given
    checked = amended(given, wanted)
    names = [name for name in AMENDABLE if name in wanted and name not in given.given]
    values = {name: getattr(checked, name) for name in names}
    set_here = {name: value for name, value in values.items() if value != getattr(given, name)}
    with services.sessions.write() as session:
        rows = session.execute(select(Setting.name, Setting.value).where(Setting.name.in_(names)))
        before = {name: getattr(given, name) for name in names} | dict(rows.all())
        changed = {name for name in names if before[name] != values[name]}
        if changed:
            session.execute(delete(Setting).where(Setting.name.in_(names)))
            if set_here:
                rows_to_keep = [{"name": name, "value": value} for name, value in set_here.items()]
                session.execute(insert(Setting), rows_to_keep)
            record_settings(session, services.clock())
    services.site.follow()
    return changed
