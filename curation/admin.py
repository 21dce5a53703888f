"""A look behind the pages for site admins. What has rules is changed by its verbs only."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account.admin import EmailAddress
from allauth.account.decorators import secure_admin_login
from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from curation.actions import people, sessions
from curation.models import (
    Ballot,
    Category,
    Consent,
    Contributor,
    Conversation,
    Dataset,
    DatasetVersion,
    Erasure,
    Event,
    Guideline,
    Instance,
    Membership,
    Message,
    Policy,
    Recall,
    Review,
    Settlement,
    Terms,
    Withdrawal,
)

# Secrets, and what has pages of its own.
for hidden in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(hidden)
# The same sign-in as everywhere else, with its limits on guessing.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = "Winnow"
admin.site.unregister(Group)  # roles are memberships


class AccountCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = Contributor
        fields = ("email", "name")


@admin.register(Contributor)
class ContributorAdmin(UserAdmin):  # type: ignore[type-arg]
    add_form = AccountCreationForm
    ordering = ("email",)
    list_display = ("email", "name", "is_staff", "is_active", "date_joined")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    filter_horizontal = ()
    # To close an account ends its keys and browsers as well: that is done in the settings.
    readonly_fields = ("is_active", "date_joined", "last_login")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Times", {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # close the account: what its owner wrote must keep its author

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        obj.email = obj.email.lower()
        super().save_model(request, obj, form, change)
        kind = "account.changed" if change else "account.added"
        assert isinstance(request.user, Contributor)  # the admin site lets nobody else in
        Event.objects.record(kind, obj, by=request.user, fields=form.changed_data)
        if {"is_staff", "is_superuser"} & set(form.changed_data):
            sessions.renew(obj.pk)

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        if request.method == "POST" and answer.status_code == HTTPStatus.FOUND:
            person = Contributor.objects.get(pk=id)
            assert isinstance(request.user, Contributor)
            Event.objects.record(
                "account.changed", person, by=request.user, fields=["password"]
            )
        return answer


@admin.register(Instance)
class InstanceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    fields = ("registration_open",)  # the rest has pages of its own

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not Instance.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        assert isinstance(request.user, Contributor)  # the admin site lets nobody else in
        people.open_registration(is_open=obj.registration_open, by=request.user)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Dataset)
class DatasetAdmin(ReadOnlyAdmin):
    list_display = ("slug", "title", "shape", "created_at")
    search_fields = ("slug", "title")


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    list_display = ("pk", "dataset", "category", "state", "split", "created_at")
    list_select_related = ("dataset", "category")
    list_filter = ("state", "split", "dataset")


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("pk", "conversation_id", "role", "origin", "state", "created_at")
    list_filter = ("state", "role", "origin")
    search_fields = ("text",)


@admin.register(DatasetVersion)
class DatasetVersionAdmin(ReadOnlyAdmin):
    list_display = ("dataset", "number", "digest", "train_count", "held_out_count")
    list_select_related = ("dataset",)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "subject_kind", "subject_id", "by", "dataset")
    list_select_related = ("by", "dataset")
    search_fields = ("kind",)
    date_hierarchy = "at"


admin.site.register(
    [
        Ballot,
        Category,
        Consent,
        Erasure,
        Guideline,
        Membership,
        Policy,
        Recall,
        Review,
        Settlement,
        Terms,
        Withdrawal,
    ],  # fmt: skip
    ReadOnlyAdmin,
)
