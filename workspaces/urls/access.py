"""Addresses of the access explorer: who can do what, and why."""

from django.urls import URLPattern

paths: list[URLPattern] = []
