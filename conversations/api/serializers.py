"""Shapes of conversations in requests and answers."""

from rest_framework import serializers

from config.api.fields import Choice, Flag, Id
from config.api.serializers import Body, Change, Shown, Versioned
from conversations.models import Conversation

STATUSES = [status for status, _ in Conversation.STATUSES]


class ConversationChange(Versioned):
    status = Choice(choices=STATUSES, required=False)


class Assignment(Change):
    assignee_id = serializers.RegexField(
        r"^(me|[0-9a-f]{24})\Z", allow_null=True, required=False, trim_whitespace=False,
        help_text="A member's id, `me`, or null for nobody.",
    )  # fmt: skip
    team_id = Id(allow_null=True, required=False, help_text="A team's id, or null for none.")


class Reading(Body):
    typing = Flag(required=False, help_text="Also show the customer that somebody types.")


class ChannelBrief(Shown):
    id = Id()
    kind = serializers.CharField()


class ContactBrief(Shown):
    id = Id()
    name = serializers.CharField(allow_blank=True)


class AssigneeBrief(Shown):
    id = Id()
    name = serializers.CharField(allow_blank=True)


class TeamBrief(Shown):
    id = Id()
    name = serializers.CharField(allow_blank=True)


class LastMessage(Shown):
    id = Id()
    direction = serializers.ChoiceField(choices=["inbound", "outbound"])
    type = serializers.CharField()
    preview = serializers.CharField()
    at = serializers.DateTimeField()


class WindowBrief(Shown):
    open = serializers.BooleanField()
    until = serializers.DateTimeField(
        allow_null=True, help_text="Also when it has passed; null before the customer wrote."
    )
    allowed = serializers.ListField(
        child=serializers.CharField(), help_text="`any`, or the types that may be sent now."
    )


class WindowShown(WindowBrief):
    reason = serializers.CharField(allow_blank=True, help_text="Why it is closed.")


class ConversationShown(Shown):
    id = Id()
    number = serializers.IntegerField(help_text="For people to quote; not a key.")
    status = serializers.ChoiceField(choices=STATUSES)
    channel = ChannelBrief()
    contact = ContactBrief()
    assignee = AssigneeBrief(allow_null=True)
    team = TeamBrief(allow_null=True)
    unread_count = serializers.IntegerField()
    waiting_since = serializers.DateTimeField(allow_null=True)
    last_message = LastMessage(allow_null=True)
    window = WindowBrief()
    held_by = serializers.CharField(
        allow_null=True,
        help_text="The app that answers this thread at the provider; null while that is this one.",
    )
    version = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    last_activity_at = serializers.DateTimeField()
