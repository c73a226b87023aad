// What the customer can tap under a message of the business, and the answer that each tap sends.

import { el } from "./dom.js";
import { icon } from "./icons.js";

export const tap = (label, onclick) =>
  el("button", { type: "button", "data-testid": "reply-button", onclick, disabled: !onclick }, label);

const link = (url, label) => el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, icon("link"), label);

// A form's answer as the telephone would send it; `response_json` is text, as at Meta.
const form = (telephone, message, name, answer) => () => telephone.send({ type: "interactive", reply_to: message.id,
  interactive: { type: "nfm_reply", nfm_reply: { name, body: "Sent", response_json: JSON.stringify(answer) } } });

const order = (telephone, message, ids) => () => telephone.send({ type: "order", reply_to: message.id, order: {
  catalog_id: message.content.action.catalog_id || "551200330044", text: "",
  product_items: ids.map((id) => ({ product_retailer_id: id, quantity: 1, item_price: 49.9, currency: "ILS" })) } });

const reply = (telephone, message, one) => () => telephone.send({ type: "interactive", reply_to: message.id,
  interactive: { type: "button_reply", button_reply: one } });

const TAPS = {
  button: (action, message, telephone) => action.buttons.map((one) => tap(one.reply.title, reply(telephone, message, one.reply))),
  list: (action, message, telephone) => [tap([icon("list"), action.button], () => telephone.choose(message))],
  location_request_message: (action, message, telephone) =>
    [tap([icon("location"), "Send location"], () => telephone.sendSample("location", message.id))],
  request_contact_info: (action, message, telephone) => [tap([icon("contacts"), "Share contact info"], () => telephone.send({
    type: "contacts", reply_to: message.id, contacts: [{ origin: "contact_request",
      phones: [{ phone: `+${telephone.customer}`, wa_id: telephone.customer, type: "CELL" }] }] }))],
  cta_url: (action) => [link(action.parameters.url, action.parameters.display_text)],
  flow: (action, message, telephone) => [tap([icon("list"), action.parameters.flow_cta],
    form(telephone, message, "flow", { flow_token: action.parameters.flow_token || "unused", rating: "4" }))],
  address_message: (action, message, telephone) => [tap([icon("location"), "Provide address"],
    form(telephone, message, "address_message", { values: { name: "Noa Levi", in_pin_code: "400063", city: "Mumbai",
      address: "1 Sample St", ...action.parameters.values } }))],
  product: (action, message, telephone) => [tap("Order", order(telephone, message, [action.product_retailer_id]))],
  product_list: (action, message, telephone) => [tap([icon("list"), "Order all items"], order(telephone, message,
    action.sections.flatMap((section) => section.product_items.map((one) => one.product_retailer_id))))],
  catalog_message: (action, message, telephone) => [tap("View catalog and order", order(telephone, message,
    [action.parameters?.thumbnail_product_retailer_id || "SKU-118"]))],
  carousel: (action, message, telephone) => action.cards.flatMap((card) => card.type === "cta_url"
    ? [link(card.action.parameters.url, card.action.parameters.display_text)]
    : card.type === "product" ? [tap("Order", order(telephone, message, [card.action.product_retailer_id]))]
      : card.action.buttons.map((one) => one.reply || one.quick_reply)
        .map((one) => tap(one.title, reply(telephone, message, one)))),
};

export function interactiveTaps(message, telephone) {
  const { type, action } = message.content;
  return TAPS[type]?.(action, message, telephone) || [];
}

export function templateTaps(message, telephone) {
  const buttons = [message.view, ...(message.view?.cards || [])].flatMap((view) => view?.buttons || []);
  return buttons.map((button) => tap(button.text, {
    QUICK_REPLY: () => telephone.send({ type: "button", button: { text: button.text, payload: button.payload }, reply_to: message.id }),
    FLOW: form(telephone, message, "flow", { flow_token: "unused", rating: "4" }),
  }[button.type]));
}

export function cardsOf(message, drawHeader) {
  const cards = message.content?.action?.cards;
  if (!cards) return [];
  return cards.map((card) => el("div", { class: "card", "data-testid": "card" },
    card.header ? drawHeader(card.header) : icon("file"),
    el("span", {}, card.body?.text || card.action.product_retailer_id || `Card ${card.card_index + 1}`)));
}
