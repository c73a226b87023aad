"""Refusals of the Message agent."""

from kernel.errors import Conflict, Invalid, NotFound, TooLarge


class MessageNotFound(NotFound):
    code = "message_not_found"
    title = "There is no such message"


class NotAComment(Invalid):
    code = "not_a_comment"
    title = "This message is no comment"


class CommentNotAnswerable(Conflict):
    code = "comment_not_answerable"
    title = "This comment cannot be answered for all to see"


class WindowClosed(Conflict):
    code = "window_closed"
    title = "The messaging window is closed"


class InvalidMessageBody(Invalid):
    code = "invalid_message"
    title = "This message breaks a rule of its channel"


class UnsupportedByChannel(Invalid):
    code = "unsupported_by_channel"
    title = "This channel has no such kind of message"


class TemplateUnknown(Invalid):
    code = "template_unknown"
    title = "There is no such template in this language"


class ConversationMovedOn(Conflict):
    code = "conversation_moved_on"
    title = "Someone answered meanwhile"


class ConversationIsClosed(Conflict):
    code = "conversation_closed"
    title = "Another conversation with this contact is open"


class MediaNotFound(NotFound):
    code = "media_not_found"
    title = "There is no such file"


class MediaNotReady(Conflict):
    code = "media_not_ready"
    title = "The file is not here yet"


class MediaTooLarge(TooLarge):
    code = "media_too_large"
    title = "The file is larger than this channel takes"
