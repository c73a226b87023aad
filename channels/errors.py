"""Refusals of the Channel Integration agent."""

from kernel.errors import Conflict, Invalid, NotFound, Unavailable


class ChannelNotFound(NotFound):
    code = "channel_not_found"
    title = "There is no such channel"


class ChannelTaken(Conflict):
    code = "channel_taken"
    title = "This account is connected already"


class AccountTaken(ChannelTaken):
    code = "account_taken"
    title = "Another tenant has connected this account's numbers"


class CredentialsRefused(Invalid):
    code = "credentials_refused"
    title = "The provider does not accept these credentials"


class ProviderUnavailable(Unavailable):
    code = "provider_unavailable"
    title = "The provider does not answer now"


class ProviderRefused(Invalid):
    code = "provider_refused"
    title = "The provider refused this"


class ChannelRemoved(Conflict):
    code = "channel_removed"
    title = "This channel was removed"


class ChannelNotPaused(Conflict):
    code = "channel_not_paused"
    title = "This channel is not paused"


class TemplateNotFound(NotFound):
    code = "template_not_found"
    title = "This channel has no such template"


class TemplateFileNotFound(NotFound):
    code = "template_file_not_found"
    title = "There is no such uploaded file for the template"


class TemplateExists(Conflict):
    code = "template_exists"
    title = "This template exists already in this language"


class TemplateNotEditable(Conflict):
    code = "template_not_editable"
    title = "This template cannot be changed now"


class TemplateNotSendable(Conflict):
    code = "template_not_sendable"
    title = "This template cannot be sent now"


class InvalidTemplate(Invalid):
    code = "invalid_template"
    title = "The provider would not accept this template"


class TemplateRefused(Invalid):
    code = "template_refused"
    title = "The provider refused this template"


class TemplatesUnsupported(Invalid):
    code = "templates_unsupported"
    title = "Channels of this kind have no templates"


class MenusUnsupported(Invalid):
    code = "menus_unsupported"
    title = "Channels of this kind have no menus"


class InvalidMenu(Invalid):
    code = "invalid_menu"
    title = "The provider would not accept this menu"


class IllegalMove(Conflict):
    code = "channel_state_conflict"
    title = "The channel's state does not allow this"


class SignInRefused(Invalid):
    code = "sign_in_refused"
    title = "The provider refused this sign-in"


class SignInNotFound(NotFound):
    code = "sign_in_not_found"
    title = "There is no such sign-in, or it has ended"


class StateInvalid(Invalid):
    code = "sign_in_state_invalid"
    title = "This sign-in was not begun by you, or too long ago"


class PinNeeded(Invalid):
    code = "pin_needed"
    title = "This number must be registered with a PIN"


class AppNotConfigured(Unavailable):
    code = "app_not_configured"
    title = "The installation has no app for this way of signing in"
