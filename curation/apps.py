from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import import_string

from curation.clean import plugins


class CurationConfig(AppConfig):
    name = "curation"
    verbose_name = "Curation"

    def ready(self) -> None:
        # Registers the system check; there is no other moment for it.
        from curation import checks  # noqa: F401

        for path in settings.LISTENERS:
            import_string(path)()
        plugins.load(settings.CHECKS)
