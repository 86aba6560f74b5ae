"""Reads from an HTML page what a browser would send."""

from html.parser import HTMLParser


class Form(HTMLParser):
    """The fields that a browser would send for a page's forms, and all ids of the page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.data: dict[str, str] = {}
        self.ids: list[str] = []
        self._select = self._textarea = ""
        self._in_template = 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids.append(given.get("id") or "")
        name = given.get("name") or ""
        self._in_template += tag == "template"
        if self._in_template or "disabled" in given:
            return
        kind = given.get("type")
        if tag == "input" and name and kind not in ("submit", "button"):
            if kind not in ("checkbox", "radio") or "checked" in given:
                self.data[name] = given.get("value") or ("on" if kind == "checkbox" else "")
        elif tag == "textarea":
            self._textarea = name
            self.data[name] = ""
        elif tag == "select":
            self._select = name
            self.data[name] = ""
        elif tag == "option" and self._select and "selected" in given:
            self.data[self._select] = given.get("value") or ""

    def handle_endtag(self, tag):
        self._in_template -= tag == "template"
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""

    def handle_data(self, data):
        if self._textarea and not self._in_template:
            self.data[self._textarea] += data.removeprefix("\n")
