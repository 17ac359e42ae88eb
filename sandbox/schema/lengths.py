"""How long each part may be, as Slack's reference says (its types do not): characters, or a list's items.

A path is a property, ``fields[]`` each item of a list, ``positive_button.text`` a property's property.
"""

ID_CHARS = 255
IDS = ("block_id", "action_id", "callback_id", "external_id")

_ANY = 100_000
"""Where Slack names no length, but wants something."""
_OPTION = {"text": 75, "value": 150, "description": 75}
_SELECT = {"placeholder": 150}
_VIEW = {"private_metadata": 3000}

LENGTHS: dict[str, dict[str, int]] = {
    "ActionsBlock": {"elements": 25},
    "AlertBlock": {"text": 3000},
    "Button": {"text": 75, "value": 2000, "url": 3000, "accessibility_label": 75},
    "CardBlock": {"title": 150, "subtitle": 150, "body": 200},
    "CarouselBlock": {"elements": 10},
    "ChannelsSelect": _SELECT,
    "Checkboxes": {"options": 10},
    "ConfirmationDialog": {"title": 100, "text": 300, "confirm": 30, "deny": 30},
    "ContainerBlock": {"title": 150, "subtitle": 150, "child_blocks": 10},
    "ContextActionsBlock": {"elements": 5},
    "ContextBlock": {"elements": 10, "elements[]": 3000},
    "ConversationsSelect": _SELECT,
    "DataTableBlock": {"rows": 201, "caption": _ANY},
    "FeedbackButtons": {
        "positive_button.text": 75,
        "positive_button.value": 2000,
        "negative_button.text": 75,
        "negative_button.value": 2000,
    },
    "HeaderBlock": {"text": 150},
    "HomeView": _VIEW,
    "IconButton": {"text": 75, "value": 2000, "visible_to_user_ids": 10},
    "ImageBlock": {"alt_text": 2000, "image_url": 3000, "title": 2000},
    "ImageElement": {"alt_text": 2000, "image_url": 3000},
    "InputBlock": {"label": 2000, "hint": 2000},
    "MarkdownBlock": {"text": 12_000},
    "MarkdownTextChunk": {"text": 12_000},
    "ModalView": {**_VIEW, "title": 24, "close": 24, "submit": 24},
    "MrkdwnOption": _OPTION,
    "Overflow": {"options": 5},
    "PlainTextInput": {"placeholder": 150, "initial_value": 3000},
    "PlainTextOption": _OPTION,
    "PlanBlock": {"title": 256, "tasks": 50},
    "PlanUpdateChunk": {"title": 256},
    "RadioButtons": {"options": 10},
    "RawTextElement": {"text": _ANY},
    "RichTextBlock": {"elements": _ANY},
    "RichTextLink": {"url": 3000},
    "RichTextText": {"text": _ANY},
    "SectionBlock": {"text": 3000, "fields": 10, "fields[]": 2000},
    "StaticSelect": {**_SELECT, "options": 100, "option_groups": 100},
    "TableBlock": {"rows": 100, "rows[]": 20, "column_settings": 20},
    "TaskCardBlock": {"title": 256},
    "TaskUpdateChunk": {"title": 256, "id": _ANY, "details": 256, "output": 256},
    "UsersSelect": _SELECT,
    "VideoBlock": {"title": 200, "author_name": 50},
}
