from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("curation.urls")),
    path("", include("annotate.urls")),
    path("models/", include("trainer.urls")),
    path("api/v1/", include("curation.api.urls")),
    path("api/v1/", include("annotate.api.urls")),
    path("api/v1/", include("trainer.api.urls")),
    path("api/", include("curation.rest.urls")),  # last: it answers for all the rest
    # All of allauth.urls but old addresses that lead elsewhere.
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/3rdparty/", include("allauth.socialaccount.urls")),
    path("accounts/", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("accounts/", include("allauth.socialaccount.providers.saml.urls")),
    path("admin/", admin.site.urls),
    path("language/", include("django.conf.urls.i18n")),
]
