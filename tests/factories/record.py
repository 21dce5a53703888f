from __future__ import annotations

import factory
from django.utils.timezone import now

from curation.models import Category, Conversation, Dataset, Guideline, Message, Policy
from tests.factories.people import ContributorFactory


class DatasetFactory(factory.django.DjangoModelFactory[Dataset]):
    """A conversations dataset where one review decides and one ballot settles.

    `DatasetFactory(policy__reviews_wanted=3)` changes a rule.
    """

    class Meta:
        model = Dataset
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda n: f"dataset-{n}")
    title = factory.Sequence(lambda n: f"Dataset {n}")
    shape = Dataset.Shape.CONVERSATIONS

    class Params:
        pairs = factory.Trait(shape=Dataset.Shape.PAIRS)

    @factory.post_generation
    def policy(self, create, extracted, **rules):
        Policy.objects.create(dataset=self, **rules)
        Guideline.objects.create(dataset=self, number=1, text="Be kind.")


class CategoryFactory(factory.django.DjangoModelFactory[Category]):
    class Meta:
        model = Category

    dataset = factory.SubFactory(DatasetFactory)
    slug = factory.Sequence(lambda n: f"category-{n}")
    name = factory.Sequence(lambda n: f"Category {n}")


class ConversationFactory(factory.django.DjangoModelFactory[Conversation]):
    class Meta:
        model = Conversation

    dataset = factory.SubFactory(DatasetFactory)
    split = Conversation.Split.TRAIN


class MessageFactory(factory.django.DjangoModelFactory[Message]):
    """A first prompt, waiting for review. `MessageFactory(accepted=True)` is decided."""

    class Meta:
        model = Message

    conversation = factory.SubFactory(ConversationFactory)
    author = factory.SubFactory(ContributorFactory)
    role = Message.Role.PROMPTER
    text = factory.Sequence(lambda n: f"What is the answer to question {n}?")

    class Params:
        accepted = factory.Trait(
            state=Message.State.ACCEPTED,
            decided_at=factory.LazyFunction(now),
        )


class ReplyFactory(MessageFactory):
    """An answer waiting for review, under an accepted prompt of the same conversation."""

    parent = factory.SubFactory(MessageFactory, accepted=True)
    conversation = factory.SelfAttribute("parent.conversation")
    role = Message.Role.ASSISTANT
    text = factory.Sequence(lambda n: f"The answer is {n}.")


class PairFactory(ReplyFactory):
    """The answer of a pair whose prompt waits with it, by one author."""

    parent = factory.SubFactory(
        MessageFactory,
        author=factory.SelfAttribute("..author"),
        conversation__dataset__pairs=True,
    )
