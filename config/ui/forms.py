"""How forms are drawn: label above, help under it, then the field, errors under it in words. Knows no form of the
product.
"""

from typing import Any

from django.forms.renderers import DjangoTemplates
from django.template import loader


class FormRenderer(DjangoTemplates):
    """Our templates for forms, fields and errors; Django's own for the widgets inside them."""

    form_template_name = "ui/forms/form.html"
    field_template_name = "ui/forms/field.html"
    formset_template_name = "ui/forms/formset.html"

    def get_template(self, template_name: str) -> Any:
        if template_name.startswith("ui/"):
            return loader.get_template(template_name)
        return super().get_template(template_name)
