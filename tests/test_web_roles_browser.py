"""Roles in a browser: the editor says at once what a tick would do, and a replacement shows it in its dialog."""

import pytest
from playwright.sync_api import Page, expect

from tests import cast
from tests.browsing import be
from tests.stage import Stage
from workspaces.catalogue import Scope
from workspaces.models import RolePermission

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_ticking_a_permission_shows_at_once_who_gains_it(
    page: Page, site: str, committed_stage: Stage, complaints: list[str]
) -> None:
    stage = committed_stage
    role = cast.custom_role(
        stage.acme.organization, "Releaser", Scope.WORKSPACE, "workspace.view", "deployments.create"
    )
    cast.place(stage.acme.olga, stage.member(stage.acme.ben), stage.research, role.pk)
    be(page.context, site, stage.acme.olga)
    page.goto(f"{site}{stage.url()}roles/{role.pk}/")
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_text("Nothing is changed yet.")).to_be_visible()
    page.get_by_role("checkbox", name="Manage domains and redirects").check()
    expect(page.get_by_text("1 person gains")).to_be_visible()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Releaser is saved.")).to_be_visible()
    assert RolePermission.objects.filter(role=role, permission="domains.manage").exists()
    page.get_by_role("link", name="Delete").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Takes its place").select_option(label="Viewer")
    expect(dialog.get_by_text("1 person loses")).to_be_visible()
    dialog.get_by_role("button", name="Replace and delete").click()
    expect(page.get_by_text("Releaser is deleted.")).to_be_visible()
