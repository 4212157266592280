"""Addresses of requests for access."""

from django.urls import URLPattern

paths: list[URLPattern] = []
