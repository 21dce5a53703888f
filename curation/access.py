"""Who may see and do what on curation's pages: the object, or 404."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from curation.actions.rights import Sight, holds, sight
from curation.http import SignedInRequest
from curation.models import (
    AccessToken,
    Archiving,
    Category,
    Comment,
    Contributor,
    Conversation,
    Dataset,
    DatasetVersion,
    Decision,
    Delivery,
    Extract,
    Freezing,
    GoldItem,
    GoldRanking,
    Hook,
    Import,
    Invitation,
    Membership,
    Message,
    ModelReport,
    SavedView,
    SecondLook,
)
from curation.models.datasets import DatasetQuerySet


def datasets(request: SignedInRequest) -> DatasetQuerySet:
    return Dataset.objects.visible_to(request.user)


def dataset(request: SignedInRequest, slug: str) -> Dataset:
    """Other people's datasets do not exist."""
    return get_object_or_404(datasets(request).select_related("policy"), slug=slug)


def dataset_to_curate(request: SignedInRequest, slug: str) -> Dataset:
    found = dataset(request, slug)
    if not holds(request.user, found):
        raise Http404
    return found


def dataset_to_measure(request: SignedInRequest, slug: str) -> tuple[Dataset, Sight]:
    """Whose agreement they may know: it would tell those who judge what to think."""
    found = dataset(request, slug)
    seen = sight(request.user, found)
    if seen == Sight.WORK:
        raise Http404
    return found, seen


def category_to_curate(request: SignedInRequest, slug: str, pk: int) -> Category:
    return get_object_or_404(Category, dataset=dataset_to_curate(request, slug), pk=pk)


def membership_to_curate(request: SignedInRequest, slug: str, pk: int) -> Membership:
    return get_object_or_404(Membership, dataset=dataset_to_curate(request, slug), pk=pk)


def invitation_to_change(request: SignedInRequest, pk: int) -> Invitation:
    """To a dataset: of its curators. To an account alone: of site admins."""
    found = get_object_or_404(Invitation.objects.for_listing(), pk=pk)
    dataset = found.dataset
    if not (holds(request.user, dataset) if dataset else request.user.is_staff):
        raise Http404
    return found


def person_to_curate(request: SignedInRequest, dataset: Dataset, pk: int) -> Contributor:
    """Somebody who has a role there, or whose verdicts are in it."""
    takes_part = Q(memberships__dataset=dataset)
    judged = Q(reviews__message__conversation__dataset=dataset)
    there = Contributor.objects.filter(takes_part | judged).distinct()
    return get_object_or_404(there, pk=pk)


def gold_ranking_in(dataset: Dataset, pk: int) -> GoldRanking:
    return get_object_or_404(GoldRanking, prompt__conversation__dataset=dataset, pk=pk)


def second_look_in(dataset: Dataset, pk: int) -> SecondLook:
    return get_object_or_404(SecondLook, dataset=dataset, pk=pk)


def conversation(request: SignedInRequest, slug: str, number: int) -> Conversation:
    shown = Conversation.objects.for_tree()
    return get_object_or_404(shown, dataset=dataset(request, slug), pk=number)


def conversation_to_curate(
    request: SignedInRequest, slug: str, number: int
) -> Conversation:
    shown = Conversation.objects.for_tree()
    return get_object_or_404(shown, dataset=dataset_to_curate(request, slug), pk=number)


def message_of_mine(request: SignedInRequest, pk: int) -> Message:
    """Also of a dataset that the author has left: taking a text back is always open."""
    mine = Message.objects.written_by(request.user).for_own_list()
    return get_object_or_404(mine, pk=pk)


def message_to_discuss(request: SignedInRequest, pk: int) -> Message:
    """One whose text the person may read."""
    there = Message.objects.select_related("conversation__dataset__policy", "author")
    shown = there.filter(conversation__dataset__in=datasets(request))
    message = get_object_or_404(shown, pk=pk)
    seen = sight(request.user, message.conversation.dataset)
    if not may_read(request.user, message, seen):
        raise Http404
    return message


def message_to_speak_of(request: SignedInRequest, pk: int) -> Message:
    """One that the person may read, where they do more than look on."""
    message = message_to_discuss(request, pk)
    if sight(request.user, message.conversation.dataset) == Sight.SETTLED:
        raise Http404
    return message


def message_to_compare(request: SignedInRequest, pk: int) -> Message:
    """One that the person may read and might judge."""
    message = message_to_discuss(request, pk)
    if not holds(request.user, message.conversation.dataset, Membership.Role.REVIEWER):
        raise Http404
    return message


def comment_of_mine(request: SignedInRequest, pk: int) -> Comment:
    mine = Comment.objects.filter(author=request.user).select_related("message")
    return get_object_or_404(mine, pk=pk)


def message_in(dataset: Dataset, pk: int) -> Message:
    there = Message.objects.filter(conversation__dataset=dataset)
    return get_object_or_404(there.select_related("conversation", "parent"), pk=pk)


def decision_to_undo(request: SignedInRequest, pk: int) -> Decision:
    there = Decision.objects.select_related("dataset")
    decision = get_object_or_404(there, pk=pk)
    if not holds(request.user, decision.dataset):
        raise Http404
    return decision


def gold_item_in(dataset: Dataset, pk: int) -> GoldItem:
    return get_object_or_404(GoldItem, message__conversation__dataset=dataset, pk=pk)


def saved_view(request: SignedInRequest, slug: str, pk: int) -> SavedView:
    shown = SavedView.objects.shown_to(request.user, dataset(request, slug))
    return get_object_or_404(shown.select_related("dataset"), pk=pk)


def version(request: SignedInRequest, slug: str, number: int) -> DatasetVersion:
    shown = DatasetVersion.objects.for_listing()
    return get_object_or_404(shown, dataset=dataset(request, slug), number=number)


def version_by_digest(request: SignedInRequest, digest: str) -> DatasetVersion:
    shown = DatasetVersion.objects.select_related("dataset__policy")
    return get_object_or_404(shown, dataset__in=datasets(request), digest=digest)


def reports(request: SignedInRequest) -> QuerySet[ModelReport]:
    """Models that learned from versions of datasets that the person may see."""
    there = ModelReport.objects.select_related("version__dataset__policy")
    return there.filter(version__dataset__in=datasets(request))


def report(request: SignedInRequest, pk: int) -> ModelReport:
    return get_object_or_404(reports(request), pk=pk)


def archiving_in(dataset: Dataset, pk: int) -> Archiving:
    return get_object_or_404(Archiving, dataset=dataset, pk=pk)


def freezing_in(dataset: Dataset, pk: int) -> Freezing:
    return get_object_or_404(Freezing, dataset=dataset, pk=pk)


def extract_in(dataset: Dataset, pk: int) -> Extract:
    there = Extract.objects.select_related("dataset", "version", "asked_by")
    return get_object_or_404(there, dataset=dataset, pk=pk)


def import_in(dataset: Dataset, pk: int) -> Import:
    there = Import.objects.select_related("dataset__policy", "asked_by")
    return get_object_or_404(there, dataset=dataset, pk=pk)


def token_of_mine(request: SignedInRequest, pk: int) -> AccessToken:
    return get_object_or_404(AccessToken, person=request.user, pk=pk)


def hook(request: SignedInRequest, pk: int) -> Hook:
    """Of a dataset to curate; those of the site are the admins'."""
    there = Hook.objects.filter(removed_at=None).select_related("dataset__policy")
    found = get_object_or_404(there, pk=pk)
    if found.dataset is None:
        site_admins_only(request)
    else:
        dataset_to_curate(request, found.dataset.slug)
    return found


def delivery_of(hook: Hook, pk: int) -> Delivery:
    return get_object_or_404(Delivery, hook=hook, pk=pk)


def site_admins_only(request: SignedInRequest) -> None:
    if not request.user.is_staff:
        raise Http404


def readable_by(person: Contributor, seen: Sight) -> Q:
    """The messages of which may_read() is true."""
    states = [Message.State.ACCEPTED]
    if seen >= Sight.WORK:
        states += [Message.State.SUBMITTED, Message.State.REJECTED]
    if seen == Sight.ALL:
        states.append(Message.State.HELD)
    return Q(author=person) | Q(state__in=states)


def may_read(person: Contributor, message: Message, seen: Sight) -> bool:
    """What was taken back only its author still sees; what is held, also curators.

    Who only views reads what was accepted: what is being judged is not theirs to know.
    """
    if message.author_id == person.pk or message.state == Message.State.ACCEPTED:
        return True
    if message.state in (Message.State.WITHDRAWN, Message.State.DRAFT):
        return False
    least = Sight.ALL if message.state == Message.State.HELD else Sight.WORK
    return seen >= least
