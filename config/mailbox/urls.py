"""URLs of the development mailbox, included only where settings.MAILBOX_DIR is set."""

from django.urls import path

from config.mailbox import views

app_name = "mailbox"
urlpatterns = [
    path("", views.message_list, name="messages"),
    path("<str:key>/", views.message, name="message"),
    path("<str:key>/html/", views.message_html, name="message_html"),
]
