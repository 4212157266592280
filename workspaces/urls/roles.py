"""Addresses of roles and the role scheme."""

from django.urls import URLPattern

paths: list[URLPattern] = []
