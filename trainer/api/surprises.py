"""Accepted examples that surprise a model, for a second thought by curators."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from curation.rest.resource import Resource
from curation.rest.scopes import Scope
from curation.rest.strict import Strict, checked
from trainer import access, surprising
from trainer.actions import scores
from trainer.models import Surprise

Read = serializers.Serializer[Any]
Kind = Surprise.Kind


class SurpriseQuery(Strict):
    dataset = serializers.SlugField()
    kind = serializers.ChoiceField(choices=Kind.choices, default=Kind.DISLIKED)
    page = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, default=1, help_text="Beyond the last: the last."
    )


class SurpriseWish(Strict):
    dataset = serializers.SlugField()
    text = serializers.UUIDField(help_text="Its `uid`.")


class AgainWish(SurpriseWish):
    kind = serializers.ChoiceField(
        choices=Kind.choices, help_text="The surprise that is the reason."
    )


class OfKindSerializer(Read):
    kind = serializers.ChoiceField(choices=Kind.choices)
    waiting = serializers.IntegerField()


class SurpriseSerializer(Read):
    uid = serializers.UUIDField()
    prompt = serializers.CharField(source="message.parent.text", default="")
    text = serializers.CharField(source="message.text")
    reasons = serializers.ListField(child=serializers.CharField(), help_text="In words.")


@extend_schema_serializer(many=False)
class SurprisesSerializer(Read):
    run = serializers.IntegerField(allow_null=True, help_text="Whose model was surprised.")
    kinds = OfKindSerializer(many=True)
    pages = serializers.IntegerField(
        help_text="So many of this kind; they get fewer as texts are answered."
    )
    results = SurpriseSerializer(
        many=True, help_text=f"At most {surprising.ON_A_PAGE} on a page."
    )


class SurpriseViewSet(Resource, viewsets.GenericViewSet[Surprise]):
    """By the newest model of a dataset that has scored; what was taken back is left out."""

    scopes: ClassVar[dict[str, str]] = dict.fromkeys(("fine", "again"), Scope.CURATE)
    asks: ClassVar[dict[str, type[Strict]]] = {"list": SurpriseQuery}
    queryset = Surprise.objects.none()
    pagination_class = None

    @extend_schema(responses=SurprisesSerializer)
    def list(self, request: Request) -> Response:
        """What nobody has looked at yet, the strangest first."""
        dataset = access.dataset_to_think_over(self.asking, self.asked["dataset"])
        run = surprising.scored_run(dataset)
        told: dict[str, Any] = {"run": None, "kinds": [], "pages": 0, "results": []}
        if run is not None:
            kind, number = self.asked["kind"], self.asked["page"]
            found = surprising.found(dataset, run, kind, str(number))
            pages = found.page.paginator.num_pages if found.items else 0
            told = {
                "run": run.pk,
                "kinds": found.tabs,
                "pages": pages,
                "results": found.items,
            }
        return Response(SurprisesSerializer(told).data)

    @extend_schema(request=SurpriseWish, responses={204: None})
    @action(detail=False, methods=["post"])
    def fine(self, request: Request) -> Response:
        """It is right as it is, and does not come up again."""
        sent = checked(SurpriseWish, request.data)
        scores.mark_fine(**self._text(sent), by=self.person)
        return Response(status=204)

    @extend_schema(request=AgainWish, responses={204: None})
    @action(detail=False, methods=["post"])
    def again(self, request: Request) -> Response:
        """Its verdicts are set aside, and others are asked."""
        sent = checked(AgainWish, request.data)
        scores.judge_again(**self._text(sent), kind=sent["kind"], by=self.person)
        return Response(status=204)

    def _text(self, sent: dict[str, Any]) -> dict[str, Any]:
        found = access.dataset_to_think_over(self.asking, sent["dataset"])
        return {"uid": sent["text"], "dataset": found}
