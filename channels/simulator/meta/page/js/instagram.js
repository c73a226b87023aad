// Instagram on the telephone: what a person can send, how its messages look, what can be tapped.

import { el, formatted } from "./dom.js";
import { icon } from "./icons.js";

export const INSTAGRAM_SAMPLES = [
  ["image", "Photo", { type: "image" }],
  ["video", "Video", { type: "video" }],
  ["audio", "Voice", { type: "audio" }],
  ["document", "File", { type: "file" }],
  ["album", "Two photos", { type: "image", count: 2 }],
  ["like_heart", "Heart", { type: "like_heart" }],
  ["story_reply", "Story answer", { type: "story_reply", text: "love it" }],
  ["story_mention", "Story mention", { type: "story_mention" }],
  ["ig_post", "Post", { type: "ig_post" }],
  ["ig_reel", "Reel", { type: "ig_reel" }],
  ["share", "Share", { type: "share" }],
  ["referral", "Link with ref", { type: "referral" }],
  ["ad", "From an ad", { type: "text", text: "price?", referral: { ref: "autumn", ad_id: "1202", source: "ADS",
    type: "OPEN_THREAD", ads_context_data: { ad_title: "Autumn" } } }],
  ["comment", "Comment", { change: "comments", text: "price?" }],
  ["live_comment", "Live comment", { change: "live_comments", text: "hello from the stream" }],
  ["mention", "Mention", { change: "mentions" }],
  ["standby", "To another app", { type: "text", text: "hello?", standby: true }],
  ["echo", "Staff in the app", { type: "echo", text: "Sure, 2 days" }],
  ["edit_quirk", "New as an edit", { type: "edit", num_edit: 0, body: "came as an edit" }],
  ["unsupported", "Unsupported", { type: "unsupported" }],
];

// From what the telephone wants to send to a call of the control API.
export function instagramCall(telephone, message) {
  const base = { ig_id: telephone.number, from: telephone.customer, wait: false };
  if (message.change) return ["instagram/change", { ...base, field: message.change, text: message.text }];
  const made = {
    text: () => ({ type: "text", text: message.text.body ?? message.text, reply_to: message.reply_to, referral: message.referral,
      quick_reply: message.quick_reply, standby: message.standby }),
    reaction: () => ({ type: "reaction", mid: message.reaction.message_id, emoji: message.reaction.emoji }),
    revoke: () => ({ type: "deleted", mid: message.revoke.original_message_id }),
  }[message.type];
  if (message.type === "edit" && message.edit) {
    return ["instagram/inject", { ...base, type: "edit", mid: message.edit.original_message_id, text: message.edit.message.text.body }];
  }
  const own = message[message.type];
  const file = own?.id ? { type: message.type === "document" ? "file" : message.type, media_id: own.id } : message;
  const body = Object.entries({ ...base, ...(made ? made() : file) }).filter(([, value]) => value !== undefined);
  return ["instagram/inject", Object.fromEntries(body)];
}

const line = (text) => el("div", { class: "text" }, formatted(text));
const note = (text) => el("div", { class: "below" }, text);
const address = (source) => (source.id ? `/_sim/media/${encodeURIComponent(source.id)}` : source.url);
const photo = (source, telephone) => (source.id
  ? el("img", { class: "picture", src: address(source), alt: "Photo", onload: telephone.keepBottom })
  : el("div", { class: "card" }, icon("link"), el("span", {}, "Photo", el("small", {}, source.url || ""))));

const shared = (label) => (message, telephone) => [message.content.id ? photo(message.content, telephone) : null, note(label)];

function template({ content }) {
  if (content.template_type === "button") return [line(content.text)];
  return (content.elements || []).map((one) => el("div", { class: "card", "data-testid": "element" }, icon("file"),
    el("span", {}, one.title || one.id, el("small", {}, one.subtitle || ""))));
}

export const INSTAGRAM_KINDS = {
  template, quick_reply: (message) => line(message.content.body), echo: (message) => line(message.content.body),
  postback: (message) => line(message.content.body), referral: () => note("came by a link"),
  file: (message) => el("a", { class: "card", href: address(message.content), download: "file" }, icon("document"), el("span", {}, "File")),
  album: (message, telephone) => message.content.items.map((one) => photo(one, telephone)),
  like_heart: () => el("div", { class: "text", role: "img", "aria-label": "Heart" }, "❤️"),
  story_reply: (message) => [note("answered a story"), line(message.content.body)],
  story_mention: shared("mentioned the account in a story"), ig_post: shared("shared a post"), ig_reel: shared("shared a reel"),
  reel: shared("shared a reel"), story: shared("shared a story"), ig_story: shared("shared a story"),
  share: (message) => note(message.content.id ? `shared the post ${message.content.id}` : "shared something"),
};

// Buttons below a message: quick replies and the postbacks of templates.
export function instagramTaps(message, telephone, tap) {
  const content = message.content || {};
  const quick = (content.quick_replies || []).map((one) => tap(one.title, () => telephone.send({ type: "text",
    text: one.title, quick_reply: { payload: one.payload || one.content_type } })));
  const buttons = [content, ...(content.elements || [])].flatMap((one) => one.buttons || []).map((one) => (one.type === "web_url"
    ? el("a", { href: one.url, target: "_blank", rel: "noopener noreferrer" }, icon("link"), one.title)
    : tap(one.title, () => press(telephone, one.title, one.payload))));
  return [...quick, ...buttons];
}

const press = (telephone, title, payload) => telephone.send({ type: "postback", postback: { title, payload } });

// Ice breakers before the first word, and the menu that is always there.
export function starters(telephone, isEmpty, tap) {
  const { ice_breakers: questions = [], persistent_menu: menus = [] } = telephone.business()?.profile || {};
  const first = isEmpty ? (questions[0]?.call_to_actions || []).map((one) => tap(one.question, () => press(telephone, one.question, one.payload))) : [];
  const menu = (menus[0]?.call_to_actions || []).map((one) => (one.type === "postback"
    ? tap(one.title, () => press(telephone, one.title, one.payload)) : tap(one.title, null)));
  return first.length + menu.length ? [el("div", { class: "taps", "data-testid": "starters" }, first, menu)] : [];
}

// Accounts and people in the form of numbers and customers.
export function withInstagram({ numbers, customers, instagram }) {
  const accounts = instagram.accounts.map((one) => ({ phone_number_id: one.ig_id, verified_name: `@${one.username}`,
    display_phone_number: "Instagram", channel: "instagram", profile: one.profile }));
  const people = instagram.people.map((one) => ({ wa_id: one.igsid, name: one.name || one.username, channel: "instagram",
    read_receipts: true, reachable: true }));
  return { numbers: [...numbers, ...accounts], customers: [...customers, ...people] };
}
