from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings

from curation.clean import plugins


class CurationConfig(AppConfig):
    name = "curation"
    verbose_name = "Curation"

    def ready(self) -> None:
        # Registers the system check; there is no other moment for it.
        from curation import checks  # noqa: F401

        plugins.load(settings.CHECKS)
