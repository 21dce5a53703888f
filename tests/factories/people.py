from __future__ import annotations

import factory

from curation.models import Contributor, Membership


class ContributorFactory(factory.django.DjangoModelFactory[Contributor]):
    """A person without a password: tests use `client.force_login`.

    `ContributorFactory(member=dataset)` is a writer and reviewer there;
    `ContributorFactory(member=dataset, member__roles=["curator"])` has only what is listed.
    """

    class Meta:
        model = Contributor
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    name = factory.Sequence(lambda n: f"Person {n}")
    password = "!"

    @factory.post_generation
    def member(self, create, dataset, roles=None, **kwargs):
        if dataset is not None:
            for role in roles or ("writer", "reviewer"):
                Membership.objects.create(dataset=dataset, contributor=self, role=role)


class MembershipFactory(factory.django.DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    contributor = factory.SubFactory(ContributorFactory)
    role = Membership.Role.REVIEWER
