// One message as a bubble. `telephone` answers taps; see telephone.js.

import { el, formatted, svg } from "./dom.js";
import { icon } from "./icons.js";
import { INSTAGRAM_KINDS, instagramTaps } from "./instagram.js";
import { cardsOf, interactiveTaps, tap, templateTaps } from "./taps.js";

const EMOJIS = ["👍", "❤️", "😂", "😮", "😢", "🙏"];
const TICK = "M1 6.5 4 9.5 10.5 2";
const SECOND = "M7.2 8.3 8.6 9.5 15 2";
const CLOCK = ["M8 1a4.5 4.5 0 1 0 .01 0", "M8 3.2V5.8l1.8 1"];
const SIGNS = { image: "Photo", video: "Video", audio: "Voice message", document: "Document",
  sticker: "Sticker", location: "Location", contacts: "Contact", template: "Message",
  interactive: "Message", button: "Answer", unsupported: "Unsupported message" };
const WORDS = { accepted: "waiting", sent: "sent", delivered: "delivered", read: "read", failed: "failed" };

export function summary(message) {
  const content = message.content || {};
  return content.body?.text || (message.type === "text" && content.body) || message.view?.body
    || content.caption || content.filename || content.text
    || content.button_reply?.title || content.list_reply?.title || SIGNS[message.type] || message.type;
}

export function bubble(message, telephone, isFirst) {
  const mine = message.direction === "inbound";
  const reactions = Object.values(message.reactions || {});
  const classes = ["bubble", mine && "mine", isFirst && "first", reactions.length && "reacted",
    message.type === "sticker" && "bare"].filter(Boolean).join(" ");
  return el("article", {
    class: classes, "data-testid": mine ? "message-out" : "message-in", "data-id": message.id,
    "data-type": message.type, "data-status": status(message), "data-direction": message.direction,
    "aria-label": `${mine ? "You" : "Business"}: ${summary(message)}`,
  },
    quote(message, telephone),
    content(message, telephone),
    failure(message),
    foot(message),
    taps(message, telephone),
    reactions.length
      ? el("span", { class: "reactions", "data-testid": "reactions", "aria-label": "Reactions" }, reactions.join(" ")) : null,
    more(message, telephone),
  );
}

function status(message) {
  if (message.direction === "outbound") return message.status;
  return message.read_by_business ? "read" : "delivered";
}

function foot(message) {
  const time = new Date(message.at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return el("div", { class: "foot" }, el("time", {}, time), ticks(status(message)));
}

function ticks(state) {
  const paths = { accepted: CLOCK, sent: [TICK], delivered: [TICK, SECOND], read: [TICK, SECOND] }[state];
  return el("span", { class: "ticks", "data-testid": "ticks", "data-status": state, role: "img",
    "aria-label": WORDS[state] || state, title: WORDS[state] || state },
    paths ? svg(paths, "0 0 16 11") : "!");
}

function failure(message) {
  if (message.status !== "failed" || !message.error) return null;
  const { code, title, error_data: data } = message.error;
  return el("div", { class: "failed", "data-testid": "failure" }, el("b", {}, `Not delivered · ${code}`), el("br"),
    data?.details || title);
}

function quote(message, telephone) {
  if (!message.reply_to) return null;
  return quoteBox(telephone.find(message.reply_to), telephone, () => telephone.scrollTo(message.reply_to));
}

export function quoteBox(quoted, telephone, onclick) {
  const author = !quoted ? "Earlier message" : quoted.direction === "inbound" ? "You" : telephone.businessName();
  return el("button", { class: "quote", type: "button", "data-testid": "quote", onclick },
    el("b", {}, author), el("span", {}, quoted ? summary(quoted) : "not on this telephone any more"));
}

const KINDS = {
  text: (message) => words(message.content.body),
  image: (message, telephone) => [picture(message, telephone), caption(message)],
  sticker: (message, telephone) => fileOf(message, (url) =>
    el("img", { class: "sticker", src: url, alt: "Sticker", onload: telephone.keepBottom })),
  video: (message) => [fileOf(message, (url) =>
    el("video", { class: "picture", src: url, controls: true, preload: "metadata", "aria-label": "Video" })), caption(message)],
  audio: (message, telephone) => fileOf(message, (url) => el("audio", { src: url, controls: true, preload: "metadata", "aria-label": "Voice message", onplay: () => telephone.listened(message) })),
  document: (message) => [fileOf(message, (url) => el("a", { class: "card", href: url, download: message.content.filename || "document" },
    icon("document"), el("span", {}, message.content.filename || "Document",
      el("small", {}, message.content.mime_type || "tap to open")))), caption(message)],
  location: (message) => [el("div", { class: "map", role: "img", "aria-label": "Map" }, icon("location")),
    el("div", { class: "title" }, message.content.name || "Location"),
    el("div", { class: "below" }, message.content.address || `${message.content.latitude}, ${message.content.longitude}`)],
  contacts: (message) => (message.content || []).map((one) => el("div", { class: "card" }, icon("contacts"),
    el("span", {}, one.name?.formatted_name || "Contact", el("small", {}, one.phones?.[0]?.phone || "")))),
  interactive: (message, telephone) => interactive(message, telephone),
  button: (message) => words(message.content.text),
  template: (message, telephone) => [
    message.view.header ? el("div", { class: "title" }, message.view.header) : null,
    message.view.header_media ? headerMedia(message.view.header_media, message, telephone) : null,
    words(message.view.body || ""), ...(message.view.cards || []).map((card) => el("div", { class: "card" }, icon("file"), el("span", {}, card.body || ""))),
    message.view.footer ? el("div", { class: "below" }, message.view.footer) : null],
  order: (message) => [el("div", { class: "title" }, `Order of ${(message.content.product_items || []).length} item(s)`),
    words((message.content.product_items || []).map((one) => `${one.quantity} × ${one.product_retailer_id}`).join("\n"))],
  system: (message) => el("div", { class: "below lined" }, message.content.body || message.content.type || "System"),
  request_welcome: () => el("div", { class: "below lined" }, "opened the conversation"),
  revoked: () => el("div", { class: "below lined" }, icon("blocked"), "This message was deleted"),
  unsupported: () => el("div", { class: "below lined" }, icon("blocked"), "A message that businesses cannot receive"),
};

function content(message, telephone) {
  const draw = (telephone.channel() && INSTAGRAM_KINDS[message.type]) || KINDS[message.type];
  return [draw ? draw(message, telephone) : el("div", { class: "below" }, `[${message.type}]`)].flat();
}

const words = (text) => el("div", { class: "text" }, formatted(text));
const caption = (message) => (message.content.caption ? words(message.content.caption) : null);

function fileOf(message, draw, source = message.content) {
  const id = source.id || message.view?.media_id;
  if (id) return draw(`/_sim/media/${encodeURIComponent(id)}`);
  return el("div", { class: "card" }, icon("link"),
    el("span", {}, SIGNS[message.type] || "File", el("small", {}, source.link || "")));
}

function picture(message, telephone, source) {
  return fileOf(message, (url) => el("a", { href: url, target: "_blank", rel: "noopener" },
    el("img", { class: "picture", src: url, alt: message.content.caption || "Photo", onload: telephone.keepBottom })), source);
}

function headerMedia(header, message, telephone) {
  const source = header[header.type] || {};
  return header.type === "image" ? picture(message, telephone, source)
    : el("div", { class: "card" }, icon("file"), el("span", {}, source.filename || header.type));
}

function interactive(message, telephone) {
  const body = message.content;
  const reply = body.button_reply || body.list_reply;
  if (body.nfm_reply) return [words(body.nfm_reply.body || "Sent"), el("div", { class: "below" }, body.nfm_reply.response_json || "")];
  if (body.call_permission_reply) return [words(`Calls: ${body.call_permission_reply.response}`)];
  if (reply) return [words(reply.title), reply.description ? el("div", { class: "below" }, reply.description) : null];
  const header = body.header;
  return [
    header?.type === "text" ? el("div", { class: "title" }, header.text) : null,
    header && header.type !== "text" ? headerMedia(header, message, telephone) : null,
    body.body ? words(body.body.text) : null,
    cardsOf(message, (one) => headerMedia(one, message, telephone)),
    body.footer ? el("div", { class: "below" }, body.footer.text) : null,
  ].flat();
}

function taps(message, telephone) {
  if (message.direction === "inbound" || message.status === "failed") return null;
  const made = telephone.channel() ? instagramTaps(message, telephone, tap)
    : message.type === "interactive" ? interactiveTaps(message, telephone) : templateTaps(message, telephone);
  return made.length ? el("div", { class: "taps" }, made) : null;
}

function own(message, telephone) {
  if (message.direction !== "inbound" || message.type === "revoked") return [];
  const entry = (testid, label, onclick) => el("button", { type: "button", class: "answer", "data-testid": testid, onclick }, label);
  return [message.type === "text" ? entry("edit", "Edit", () => telephone.edit(message)) : null,
    entry("revoke", "Delete", () => telephone.revoke(message))];
}

function more(message, telephone) {
  const button = el("button", { class: "more", type: "button", "aria-label": "React or reply", "aria-expanded": "false",
    "data-testid": "message-menu" }, "⌄");
  button.addEventListener("click", () => {
    const old = button.parentElement.querySelector(".menu");
    telephone.closeMenus();
    if (old) return;
    button.setAttribute("aria-expanded", "true");
    const current = message.reactions?.customer;
    button.after(el("div", { class: "menu", role: "group", "aria-label": "React or reply" },
      EMOJIS.map((emoji) => el("button", { type: "button", "data-testid": "react", "aria-label": `React ${emoji}`,
        "aria-pressed": String(emoji === current),
        onclick: () => telephone.react(message, emoji === current ? "" : emoji) }, emoji)),
      el("button", { type: "button", class: "answer", "data-testid": "reply-to", onclick: () => telephone.answer(message) }, "↩ Reply"),
      ...own(message, telephone)));
  });
  return button;
}
