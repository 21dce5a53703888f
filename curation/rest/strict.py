"""What comes in is known by name: a misspelt filter or field must not do nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers


class Strict(serializers.Serializer[Any]):
    """Refuses names that it does not know, and says which it knows."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            refuse_unknown(data, self.fields)
        return super().to_internal_value(data)


class Nothing(Strict):
    """For what takes no parameters."""


def refuse_unknown(given: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    unknown = sorted(str(name) for name in given if name not in known)
    if unknown:
        said = _("Not known here. What is known: %(names)s.") if known else _(
            "Not known here: nothing is taken."
        )  # fmt: skip
        words = said % {"names": ", ".join(known)}
        raise serializers.ValidationError({name: [words] for name in unknown})


def checked(kind: type[serializers.BaseSerializer[Any]], given: Any) -> dict[str, Any]:
    """What was sent, as this serializer understands it; or 400."""
    asked = kind(data=given)
    asked.is_valid(raise_exception=True)
    found: dict[str, Any] = asked.validated_data
    return found
