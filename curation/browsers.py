"""What a browser calls itself, in words that its owner knows."""

from __future__ import annotations

from django.utils.translation import gettext as _

# The first that is found counts: nearly all say that they are Safari, too.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def name_of(agent: str) -> str:
    """“Firefox on Windows”, or as much of that as can be told."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    if browser and system:
        said = _("%(browser)s on %(system)s")
        return said % {"browser": browser, "system": system}
    return browser or system or agent.partition("/")[0][:40] or _("An unknown browser")
