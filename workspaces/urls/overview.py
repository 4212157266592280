"""Addresses of the overview and the palette."""

from django.urls import URLPattern

paths: list[URLPattern] = []
