"""How forms are drawn: with the design system's field component."""

from django.forms.renderers import TemplatesSetting


class TocsinFormRenderer(TemplatesSetting):
    """Every form and field in the same shape, with its label, hint and error tied together for assistive technology."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
