from __future__ import annotations

from django.urls import path, register_converter

from curation.addresses import Opaque
from curation.views import (
    agreement,
    amend,
    archives,
    audit,
    browse,
    bulk,
    comments,
    comparisons,
    connections,
    consents,
    conversations,
    dashboard,
    datasets,
    design,
    duplicates,
    erasure,
    evaluation_sets,
    exports,
    extracts,
    flags,
    freezings,
    gold,
    gold_rankings,
    guideline,
    health,
    hooks,
    imports,
    instance,
    invitations,
    judged_again,
    leaderboard,
    lineage,
    me,
    notifications,
    people,
    profile,
    queue,
    rosters,
    rules,
    saml,
    saved_views,
    sessions,
    sign_in,
    similar,
    suspensions,
    tokens,
    versions,
    withdrawals,
)


class Text(Opaque):
    of = "message"


register_converter(Text, "message")

app_name = "curation"
urlpatterns = [
    path("datasets/", datasets.index, name="datasets"),
    path("datasets/new/", datasets.new, name="dataset-new"),
    path("datasets/<slug:slug>/", datasets.show, name="dataset"),
    # One conversation.
    path(
        "datasets/<slug:slug>/conversations/<int:number>/",
        conversations.show,
        name="conversation",
    ),
    path(
        "datasets/<slug:slug>/conversations/<int:number>/<int:pk>/hold/",
        conversations.hold,
        name="hold",
    ),
    path(
        "datasets/<slug:slug>/conversations/<int:number>/<int:pk>/release/",
        conversations.release,
        name="release",
    ),
    # How a dataset is run.
    path("datasets/<slug:slug>/guideline/", guideline.show, name="guideline"),
    path(
        "datasets/<slug:slug>/guideline/again/",
        judged_again.show,
        name="judged-again",
    ),
    path(
        "datasets/<slug:slug>/guideline/again/<int:pk>/stop/",
        judged_again.stop,
        name="judged-again-stop",
    ),
    path("datasets/<slug:slug>/people/", people.show, name="people"),
    path("datasets/<slug:slug>/people/<int:pk>/remove/", people.remove, name="remove"),
    path("datasets/<slug:slug>/rules/", rules.show, name="rules"),
    path("datasets/<slug:slug>/categories/new/", rules.add_category, name="category-new"),
    path("datasets/<slug:slug>/categories/<int:pk>/", rules.category, name="category"),
    path("datasets/<slug:slug>/flags/", queue.show, name="flags"),
    path("datasets/<slug:slug>/gold/", gold.show, name="gold"),
    path("datasets/<slug:slug>/gold/make/<int:pk>/", gold.make, name="gold-make"),
    path("datasets/<slug:slug>/gold/<int:pk>/retire/", gold.retire, name="gold-retire"),
    path(
        "datasets/<slug:slug>/gold/rankings/make/<int:pk>/",
        gold_rankings.make,
        name="gold-ranking-make",
    ),
    path(
        "datasets/<slug:slug>/gold/rankings/<int:pk>/retire/",
        gold_rankings.retire,
        name="gold-ranking-retire",
    ),
    # Talking about a text, from any page that shows it.
    path("messages/<message:pk>/comments/", comments.show, name="comments"),
    path("comments/<int:pk>/", comments.one, name="comment"),
    path("comments/<int:pk>/delete/", comments.delete, name="comment-delete"),
    path("messages/<message:pk>/flag/", flags.new, name="flag-new"),
    path("flags/", flags.raise_flag, name="flag"),
    # Frozen versions.
    path("datasets/<slug:slug>/versions/", versions.index, name="versions"),
    path("datasets/<slug:slug>/versions/<int:number>/", versions.show, name="version"),
    path(
        "datasets/<slug:slug>/versions/<int:number>/<str:name>",
        versions.download,
        name="download",
    ),
    # One's own work, and oneself.
    path("me/", me.show, name="me"),
    path("me/work/", me.work, name="work"),
    path("me/<int:pk>/withdraw/", me.withdraw, name="withdraw"),
    path("me/<int:pk>/edit/", amend.show, name="amend"),
    path("profile/", profile.show, name="profile"),
    path("profile/programs/", tokens.show, name="tokens"),
    path("profile/programs/<int:pk>/revoke/", tokens.revoke, name="token-revoke"),
    path("profile/sessions/", sessions.mine, name="sessions"),
    path("notifications/", notifications.show, name="notifications"),
    path("notifications/bell/", notifications.bell, name="bell"),
    path("notifications/read/", notifications.read, name="notifications-read"),
    path("leaderboard/", leaderboard.show, name="leaderboard"),
    # The whole installation.
    path("settings/", instance.show, name="instance"),
    path("settings/health/", health.show, name="health"),
    path("settings/sign-in/", sign_in.show, name="sign-in"),
    path("settings/sign-in/new/<slug:kind>/", sign_in.new_provider, name="provider-new"),
    path("settings/sign-in/<int:pk>/", sign_in.provider, name="provider"),
    path("settings/sign-in/<int:pk>/do/", sign_in.do, name="provider-do"),
    path("settings/sign-in/<int:pk>/groups/", sign_in.map_group, name="group-map"),
    path("settings/sign-in/groups/<int:pk>/", sign_in.unmap_group, name="group-unmap"),
    # In place of allauth's, with the names that it asks for.
    path("accounts/oidc/<slug:slug>/login/", connections.sign_in, name="oidc-begin"),
    path("accounts/saml/<slug:slug>/login/", connections.sign_in, name="saml-begin"),
    path("accounts/3rdparty/connect/<slug:slug>/", connections.begin, name="connect"),
    path("accounts/3rdparty/signup/", sign_in.no_form, name="sign-in-no-form"),
    path("accounts/saml/<slug:slug>/acs/finish/", saml.finish, name="saml-finish"),
    path("settings/people/<int:pk>/sign-in/", sessions.of_person, name="person-sign-in"),
    path(
        "settings/people/<int:pk>/sign-in/second-step/",
        sessions.take_off_second_step,
        name="second-step-off",
    ),
    # Other programs are told what happens.
    path("settings/hooks/", hooks.of_site, name="site-hooks"),
    path("datasets/<slug:slug>/hooks/", hooks.of_dataset, name="hooks"),
    path("hooks/<int:pk>/", hooks.show, name="hook"),
    path("hooks/<int:pk>/log/", hooks.log, name="hook-log"),
    path("hooks/<int:pk>/test/", hooks.test, name="hook-test"),
    path("hooks/<int:pk>/secret/", hooks.new_secret, name="hook-secret"),
    path("hooks/<int:pk>/switch/", hooks.switch, name="hook-switch"),
    path("hooks/<int:pk>/remove/", hooks.remove, name="hook-remove"),
    path(
        "hooks/<int:pk>/deliveries/<int:delivery>/again/",
        hooks.send_again,
        name="hook-again",
    ),
    # People are asked to come.
    path("settings/invitations/", invitations.everywhere, name="invitations"),
    path(
        "datasets/<slug:slug>/people/invitations/",
        invitations.of_dataset,
        name="dataset-invitations",
    ),
    path("invitations/<int:pk>/again/", invitations.again, name="invitation-again"),
    path(
        "invitations/<int:pk>/take-back/",
        invitations.take_back,
        name="invitation-take-back",
    ),
    path("invited/<str:token>/", invitations.show, name="invited"),
    path("settings/people/table/", rosters.show, name="roster"),
    path("settings/audit/", audit.everywhere, name="audit"),
    path("settings/audit/history.<slug:kind>", audit.download, name="audit-file"),
    path("datasets/<slug:slug>/people/history/", audit.of_dataset, name="dataset-audit"),
    path(
        "datasets/<slug:slug>/people/history/history.<slug:kind>",
        audit.download_of_dataset,
        name="dataset-audit-file",
    ),
    path("settings/people/new/", instance.add_account, name="account-new"),
    path("settings/people/<int:pk>/", instance.set_active, name="account-active"),
    # Somebody pauses, and what they judged is looked at once more.
    path("datasets/<slug:slug>/people/<int:pk>/", suspensions.show, name="person"),
    path(
        "datasets/<slug:slug>/people/<int:pk>/again/",
        suspensions.ask_again,
        name="person-again",
    ),
    path("settings/people/<int:pk>/pause/", suspensions.everywhere, name="person-pause"),
    path("suspensions/<int:pk>/lift/", suspensions.lift, name="suspension-lift"),
    # Prompts in nearly the same words.
    path("datasets/<slug:slug>/duplicates/", duplicates.show, name="duplicates"),
    path(
        "datasets/<slug:slug>/duplicates/search/",
        duplicates.search,
        name="duplicates-search",
    ),
    # What waits for curators in all datasets.
    path("moderation/", queue.everywhere, name="moderation"),
    path("moderation/<int:pk>/undo/", queue.undo, name="decision-undo"),
    # Every part of a page in every state, for whoever changes one.
    path("design/", design.show, name="design"),
    path("datasets/<slug:slug>/agreement/", agreement.show, name="agreement"),
    # A version in the making, and what differs between two.
    path(
        "datasets/<slug:slug>/freezings/<int:pk>/cancel/",
        freezings.cancel,
        name="freezing-cancel",
    ),
    # The whole of it as one file.
    path("datasets/<slug:slug>/archives/", archives.index, name="archives"),
    path("datasets/<slug:slug>/archives/<int:pk>/", archives.download, name="archive"),
    path(
        "datasets/<slug:slug>/archives/<int:pk>/cancel/",
        archives.cancel,
        name="archive-cancel",
    ),
    path(
        "datasets/<slug:slug>/archives/<int:pk>/destroy/",
        archives.destroy,
        name="archive-destroy",
    ),
    path(
        "datasets/<slug:slug>/versions/<int:number>/since/<int:before>/",
        comparisons.show,
        name="version-diff",
    ),
    # What texts are looked at for.
    path("datasets/<slug:slug>/rules/checks/", rules.checks, name="rules-checks"),
    path("settings/evaluation-sets/", evaluation_sets.show, name="evaluation-sets"),
    path(
        "settings/evaluation-sets/<int:pk>/remove/",
        evaluation_sets.remove,
        name="evaluation-set-remove",
    ),
    # Looking at the data.
    path("datasets/<slug:slug>/dashboard/", dashboard.show, name="dashboard"),
    path(
        "datasets/<slug:slug>/dashboard/<slug:name>.csv",
        dashboard.download,
        name="dashboard-table",
    ),
    path("datasets/<slug:slug>/browse/", browse.show, name="browse"),
    path("datasets/<slug:slug>/browse/do/", bulk.act, name="browse-do"),
    path("datasets/<slug:slug>/browse/save/", saved_views.save, name="view-save"),
    path(
        "datasets/<slug:slug>/browse/saved/<int:pk>/delete/",
        saved_views.delete,
        name="view-delete",
    ),
    path("messages/<message:pk>/similar/", similar.show, name="similar"),
    # What people agree to, and what they agreed to.
    path("datasets/<slug:slug>/consent/", consents.ask, name="consent"),
    path("datasets/<slug:slug>/terms/", consents.terms_of_dataset, name="terms"),
    path("settings/terms/", consents.terms_of_instance, name="instance-terms"),
    path("me/consents/", consents.mine, name="consents"),
    # Taking back, and where it had gone.
    path("me/withdraw/", withdrawals.ask, name="withdraw-all"),
    path("me/withdrawals/<int:pk>/", withdrawals.show, name="withdrawal"),
    path("me/erase/", erasure.ask, name="erase-me"),
    path("settings/people/<int:pk>/erase/", erasure.erase, name="erase"),
    # What is behind a version, a model, a text; and the same as files.
    path(
        "datasets/<slug:slug>/versions/<int:number>/lineage/",
        lineage.of_version,
        name="version-lineage",
    ),
    path(
        "datasets/<slug:slug>/versions/<int:number>/cards/<str:name>",
        lineage.card,
        name="card",
    ),
    path("models/reports/<int:pk>/", lineage.of_model, name="model-lineage"),
    path("messages/<message:pk>/lineage/", lineage.of_text, name="text-lineage"),
    # Files that come in.
    path("datasets/<slug:slug>/imports/", imports.index, name="imports"),
    path("datasets/<slug:slug>/imports/<int:pk>/", imports.show, name="import"),
    path(
        "datasets/<slug:slug>/imports/<int:pk>/cancel/",
        imports.cancel,
        name="import-cancel",
    ),
    path(
        "datasets/<slug:slug>/imports/<int:pk>/refused.<str:kind>",
        imports.refused,
        name="import-refused",
    ),
    # Files that go out in formats of others.
    path("datasets/<slug:slug>/extracts/", extracts.index, name="extracts"),
    path("datasets/<slug:slug>/extracts/<int:pk>/", extracts.show, name="extract"),
    path(
        "datasets/<slug:slug>/extracts/<int:pk>/cancel/",
        extracts.cancel,
        name="extract-cancel",
    ),
    path(
        "datasets/<slug:slug>/extracts/<int:pk>/file",
        extracts.download,
        name="extract-file",
    ),
    # What leaves under other names.
    path(
        "datasets/<slug:slug>/versions/<int:number>/exports/",
        exports.show,
        name="exports",
    ),
    path(
        "datasets/<slug:slug>/versions/<int:number>/exports/<int:pk>/<slug:split>.jsonl",
        exports.download,
        name="export",
    ),
]
