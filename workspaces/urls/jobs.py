"""Addresses of jobs: large changes that run by themselves, and what became of each row."""

from django.urls import path

from workspaces.views import jobs

paths = [
    path("jobs/", jobs.Jobs.as_view(), name="jobs"),
    path("jobs/<uuid:job_id>/", jobs.JobPage.as_view(), name="job"),
    path("jobs/<uuid:job_id>/unchanged.csv", jobs.Unchanged.as_view(), name="job_unchanged"),
    path("jobs/<uuid:job_id>/cancel/", jobs.Cancel.as_view(), name="job_cancel"),
    path("jobs/<uuid:job_id>/undo/", jobs.Undo.as_view(), name="job_undo"),
]
