"""Reading our own pages as a browser without JavaScript would: forms, links, answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    action: str
    id: str = ""
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Answer:
    """One answer on the ranking page, and the name of the field for its place."""

    place_field: str = ""
    text: str = ""


class Page(HTMLParser):
    """The forms, links and answers to rank of one page."""

    def __init__(self, html: str, url: str) -> None:
        super().__init__()
        self.url, self.html = url, html
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.answers: list[Answer] = []
        self.prompt = ""
        self._form: Form | None = None
        self._textarea = self._select = ""
        self._prose_depth = 0
        self.feed(html)

    def form(self, part: str) -> Form:
        """The first form whose address or id holds `part`."""
        for form in self.forms:
            if part in form.action or part == form.id:
                return form
        raise LookupError(f"{self.url} has no form for “{part}”")

    def link(self, part: str) -> str:
        for link in self.links:
            if part in link:
                return link
        raise LookupError(f"{self.url} has no link to “{part}”")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        classes = at.get("class", "").split()
        if self._prose_depth:
            self._prose_depth += tag == "div"
        elif tag == "div" and "prose" in classes:
            self._prose_depth = 1
        if tag == "form":
            self._form = Form(action=at.get("action") or self.url, id=at.get("id", ""))
            self.forms.append(self._form)
        elif tag == "a":
            self.links.append(at.get("href", ""))
        elif tag == "li" and "rank-item" in classes:
            self.answers.append(Answer())
        elif tag == "select":
            self._select = at.get("name", "")
            if self.answers and self._select.startswith("position_"):
                self.answers[-1].place_field = self._select
        self._keep_field(tag, at)

    def _keep_field(self, tag: str, at: dict[str, str]) -> None:
        if self._form is None:
            return
        name, kind = at.get("name", ""), at.get("type", "text")
        if tag == "input" and name and kind not in ("submit", "button"):
            if kind not in ("radio", "checkbox"):
                self._form.fields[name] = at.get("value", "")
            elif "checked" in at:
                self._form.fields[name] = at.get("value", "on")
        elif tag == "textarea" and name:
            self._textarea = name
            self._form.fields[name] = ""
        elif tag == "option" and (
            "selected" in at or self._select not in self._form.fields
        ):
            # As a browser does: the chosen one, else the first.
            self._form.fields[self._select] = at.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._textarea = ""
        elif tag == "select":
            self._select = ""
        elif tag == "div" and self._prose_depth:
            self._prose_depth -= 1

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._textarea:
            self._form.fields[self._textarea] += data
        if self._prose_depth and self.answers:
            self.answers[-1].text += data
        elif self._prose_depth:
            self.prompt += data
