"""Workspaces: the list of them, one's settings, its making and its end."""

from django.http import HttpResponse, HttpResponseRedirect

from config.http import Request
from workspaces.policy import Verb
from workspaces.views.base import WorkspaceView


class WorkspaceHome(WorkspaceView):
    """The people of the workspace for whoever may see them, its resources for everybody else."""

    def get(self, request: Request) -> HttpResponse:
        sees_people = self.decide(Verb.VIEW_WORKSPACE_MEMBERS)
        return HttpResponseRedirect(self.here("workspace_members" if sees_people else "workspace_resources"))
