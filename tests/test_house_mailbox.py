"""The development mailbox: what an SMTP server stored can be read, and nothing that a mail brings can act."""

import mailbox
import socket
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.once


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.ROOT_URLCONF = "tests.house_urls"
    settings.MAILBOX_DIR = str(tmp_path / "mailbox")
    mailbox.Maildir(settings.MAILBOX_DIR, create=True)
    return tmp_path / "mailbox"


def deliver(folder: Path, subject: str, *, text: str = "Hello", html: str = "") -> str:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "Roster <roster@localhost>", "pat@example.org"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return mailbox.Maildir(folder).add(message)


def key_of(folder: Path) -> str:
    return next((folder / "new").iterdir()).name


def test_an_empty_mailbox_says_what_belongs_there(client: Client, folder: Path) -> None:
    assert "No mail yet" in client.get("/mailbox/").content.decode()


def test_mails_are_listed_newest_first(client: Client, folder: Path) -> None:
    for subject in ("First", "Second", "Third"):
        deliver(folder, subject)
    page = client.get("/mailbox/").content.decode()
    assert page.index("Third") < page.index("Second") < page.index("First")
    region = client.get("/mailbox/", headers={"HX-Request": "true"}).content.decode()
    assert "Third" in region
    assert "<html" not in region


def test_a_mail_shows_headers_and_text_with_links(client: Client, folder: Path) -> None:
    deliver(folder, "Grüße & <b>more</b>", text="Join here: http://localhost:8000/i/abc/")
    page = client.get(f"/mailbox/{key_of(folder)}/").content.decode()
    assert "Grüße &amp; &lt;b&gt;more&lt;/b&gt;" in page
    assert "pat@example.org" in page
    assert 'href="http://localhost:8000/i/abc/"' in page


def test_the_html_part_is_framed_without_scripts_and_origin(client: Client, folder: Path) -> None:
    deliver(
        folder,
        "Hi",
        html='<html><head><title>x</title></head><body style="color: red"><a href="/x">x</a></body></html>',
    )
    address = f"/mailbox/{key_of(folder)}/"
    page = client.get(address)
    assert f'src="{address}html/"' in page.content.decode()
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    framed = client.get(f"{address}html/")
    policy = framed["Content-Security-Policy"]
    assert "sandbox allow-popups" in policy
    assert "allow-scripts" not in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert framed["X-Frame-Options"] == "SAMEORIGIN"
    assert '<head><base target="_blank">' in framed.content.decode()


def test_nothing_outside_the_mailbox_can_be_read(client: Client, folder: Path) -> None:
    (folder.parent / "secret").write_text("secret")
    for key in ("..%2F..%2Fsecret", "..", "unknown", "%2Fetc%2Fpasswd"):
        assert client.get(f"/mailbox/{key}/").status_code == 404


def test_what_django_sends_over_smtp_is_what_the_page_shows(client: Client, folder: Path, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = Controller(Mailbox(folder), hostname="127.0.0.1", port=port, ready_timeout=60)
    server.start()
    try:
        backend = "django.core.mail.backends.smtp.EmailBackend"
        settings.MAILERS = {
            "default": {"BACKEND": backend, "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": 60}}
        }
        message = EmailMultiAlternatives("Über SMTP", "Text – mit Strich", to=["pat@example.org"])
        message.attach_alternative("<p>HTML</p>", "text/html")
        mail.mailers["default"].send_messages([message])
    finally:
        server.stop()
    page = client.get(f"/mailbox/{key_of(folder)}/").content.decode()
    assert "Über SMTP" in page
    assert "Text – mit Strich" in page


def test_a_browser_shows_the_mail_and_follows_its_link(
    page: Page, live_server: LiveServer, folder: Path, transactional_db: None
) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    link = f"{live_server.url}/fine/"
    html = f'<html><head></head><body style="color: red"><p>Welcome, Pat</p><a href="{link}">Join</a></body></html>'
    deliver(folder, "Join Acme", text=f"Join: {link}", html=html)
    page.goto(f"{live_server.url}/mailbox/")
    page.get_by_role("link", name="Join Acme").click()
    mail_frame = page.frame_locator("iframe")
    expect(mail_frame.get_by_text("Welcome, Pat")).to_be_visible()
    expect(mail_frame.locator("body")).to_have_css("color", "rgb(255, 0, 0)")
    with page.context.expect_page() as opened:
        mail_frame.get_by_role("link", name="Join").click()
    expect(opened.value.get_by_text("fine")).to_be_visible()
    page.locator("#text").get_by_role("link").click()
    expect(page.get_by_text("fine")).to_be_visible()
    assert complaints == []
