"""Filling in forms as a browser without JavaScript does: what is on the page is what is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reading import Element, read

if TYPE_CHECKING:
    from signing import Desk
    from werkzeug.test import TestResponse


def fields_of(form: Element) -> dict[str, str]:
    """What a browser would send of a form, had no button been pressed."""
    found: dict[str, str] = {}
    for one in form.walk():
        name, kind = one.get("name"), one.get("type")
        if one.name == "input" and name and (kind not in ("radio", "checkbox") or "checked" in one.attributes):
            found[name] = one.get("value")
        elif one.name == "textarea":
            found[name] = text_of(one)
        elif one.name == "select":
            chosen = [option for option in one.all("option") if "selected" in option.attributes]
            found[name] = (chosen or one.all("option"))[0].get("value")
    return found


def text_of(area: Element) -> str:
    """What stands in a textarea: the first line end of its source does not count."""
    text = "".join(child for child in area.children if isinstance(child, str))
    return text.removeprefix("\n")


class OpenForm:
    """The entry form on a page, with what is typed into it."""

    def __init__(self, desk: Desk, response: TestResponse, status: int = 200) -> None:
        self.desk = desk
        self.page = read(response, status)
        self.form = self.page.one("form", id="writing")
        self.fields = fields_of(self.form)

    def type(self, **typed: str) -> OpenForm:
        unknown = typed.keys() - self.fields.keys()
        assert not unknown, f"the form has no {unknown}"
        self.fields.update(typed)
        return self

    def press(self, label: str) -> TestResponse:
        """Press a button by its label, as somebody who reads it."""
        (button,) = [
            one for one in self.form.all("button") if one.text() == label and "unseen" not in one.classes
        ]
        pressed = {button["name"]: button["value"]} if button.get("name") else {}
        address = button.get("formaction") or self.form["action"]
        return self.desk.client.post(
            address, data=self.fields | pressed, headers={"Origin": "http://localhost"}
        )

    @property
    def buttons(self) -> list[str]:
        return [one.text() for one in self.form.one("footer").all("button")]

    @property
    def problems(self) -> dict[str, str]:
        """What is said to be wrong, by field."""
        return {one["id"].removesuffix("-error"): one.text() for one in self.form.all("span", cls="problem")}

    @property
    def said(self) -> list[str]:
        """The messages on the page that are to be seen."""
        return [one.text() for one in self.page.all(cls="said") if "hidden" not in one.attributes]

    @property
    def standing(self) -> str:
        return self.form.one("p", cls="standing").text()


def open_form(desk: Desk, address: str) -> OpenForm:
    return OpenForm(desk, desk.get(address))


def followed(desk: Desk, response: TestResponse) -> OpenForm:
    """The form that an action led to."""
    assert response.status_code == 303, response.get_data(as_text=True)
    return open_form(desk, response.headers["Location"])
