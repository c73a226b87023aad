// One telephone: a customer, a business number, their conversation.

import { get, post, upload } from "./api.js";
import { bubble, quoteBox } from "./bubble.js";
import { el } from "./dom.js";
import { composer } from "./composer.js";
import { INSTAGRAM_SAMPLES, instagramCall, starters } from "./instagram.js";
import { SAMPLES } from "./samples.js";
import { tap } from "./taps.js";

export class Telephone {
  constructor(people, choice, { onchange, onremove, onnewcustomer }) {
    Object.assign(this, { people, onchange, onremove, onnewcustomer });
    this.number = choice.number;
    this.customer = choice.customer;
    this.messages = new Map();
    this.arrived = [];
    this.drawn = new Map();
    this.replyTo = null;
    this.isLooking = true;
    this.build();
  }

  build() {
    this.chat = el("div", { class: "chat", role: "log", "aria-label": "Conversation", "data-testid": "chat", tabindex: "0" });
    this.top = el("div", { class: "top" });
    this.trouble = el("div", { class: "trouble", role: "alert" });
    this.answering = el("div", {});
    this.clock = el("span", {});
    this.who = el("div", { class: "who" });
    this.composer = composer(this);
    this.screen = el("div", { class: "screen" },
      el("div", { class: "clockbar", "aria-hidden": "true" }, this.clock, el("i"), el("span", { class: "signal" }, "▂▄▆ 5G")),
      this.top, this.chat, this.trouble, this.answering, this.composer);
    this.node = el("section", { class: "telephone", "data-testid": "telephone", "aria-label": "Telephone" },
      this.who, el("div", { class: "case" }, this.screen));
    this.chat.addEventListener("click", (event) => {
      if (!event.target.closest(".more, .menu")) this.closeMenus();
    });
    this.keepBottom = () => { if (this.isAtBottom) this.chat.scrollTop = this.chat.scrollHeight; };
    this.isAtBottom = true;
    this.chat.addEventListener("scroll", () => {
      this.isAtBottom = this.chat.scrollHeight - this.chat.scrollTop - this.chat.clientHeight < 60;
    });
  }

  drawWho() {
    const { numbers, customers } = this.people;
    const mine = this.owner();
    const choose = (items, value, testid, label, onchange) => el("label", {}, label,
      el("select", { "data-testid": testid, "aria-label": label, onchange: (event) => onchange(event.target.value) },
        items.map(([id, text]) => el("option", { value: id, selected: id === value }, text))));
    const box = (label, testid, checked, onchange) => el("label", {},
      el("input", { type: "checkbox", "data-testid": testid, checked, onchange: (event) => onchange(event.target.checked) }), label);
    this.who.replaceChildren(
      choose([...customers.filter((one) => one.channel === this.channel()).map((one) => [one.wa_id, `${one.name} · ${one.wa_id.slice(-4)}`]), ["+", "New customer…"]],
        this.customer, "customer-select", "Customer", (value) => this.chooseCustomer(value)),
      choose(numbers.map((one) => [one.phone_number_id, `${one.verified_name} · ${one.display_phone_number}`]),
        this.number, "number-select", "Writes to", (value) => this.chooseNumber(value)),
      el("div", { class: "switches" },
        box("Chat open", "chat-open", this.isLooking, (value) => { this.isLooking = value; this.look(); }),
        box("Read receipts", "read-receipts", mine?.read_receipts ?? true, (value) => this.change({ read_receipts: value })),
        box("On", "switched-on", mine?.reachable ?? true, (value) => this.change({ reachable: value })),
        el("button", { type: "button", "aria-label": "Remove this telephone", title: "Remove this telephone", onclick: () => this.onremove(this) }, "✕")));
    this.node.classList.toggle("off", mine?.reachable === false);
    this.node.classList.toggle("instagram", this.channel() === "instagram");
  }

  owner() { return this.people.customers.find((one) => one.wa_id === this.customer); }
  business() { return this.people.numbers.find((one) => one.phone_number_id === this.number); }
  businessName() { return this.business()?.verified_name || "Business"; }

  channel(number = this.business()) { return number?.channel; }
  samples() { return this.channel() ? INSTAGRAM_SAMPLES : SAMPLES; }

  chooseNumber(value) {
    const channel = this.channel(this.people.numbers.find((one) => one.phone_number_id === value));
    const same = this.owner()?.channel === channel;
    return this.open(value, same ? this.customer : this.people.customers.find((one) => one.channel === channel)?.wa_id);
  }

  chooseCustomer(value) {
    if (value !== "+") return this.open(this.number, value);
    this.drawWho();
    return this.onnewcustomer(this);
  }

  change(patch) { return this.guard(post("customers", { wa_id: this.customer, ...patch })); }

  refreshPeople(people) {
    this.people = people;
    if (!this.business()) this.number = people.numbers[0]?.phone_number_id;
    if (!this.owner()) this.customer = people.customers.find((one) => one.channel === this.channel())?.wa_id;
    this.drawWho();
    this.drawTop();
  }

  drawTop(isTyping = false) {
    const name = this.businessName();
    this.top.replaceChildren(el("div", { class: "face", "aria-hidden": "true" }, name.slice(0, 1).toUpperCase()),
      el("div", {}, el("b", {}, name), el("small", { "data-testid": "presence" }, isTyping ? "typing…" : this.channel() || "business account")));
  }

  async open(number, customer) {
    await this.look(false);
    Object.assign(this, { number, customer, replyTo: null, isAtBottom: true, messages: new Map(), drawn: new Map() });
    clearTimeout(this.typingTimer);
    this.isTyping = false;
    const fresh = composer(this);
    this.composer.replaceWith(fresh);
    this.composer = fresh;
    this.drawWho();
    this.drawTop();
    this.drawAnswering();
    this.onchange();
    await this.reload();
    await this.look();
  }

  async reload() {
    if (!this.number || !this.customer) return this.draw();
    const query = new URLSearchParams({ phone_number_id: this.number, wa_id: this.customer });
    // What arrives while the answer is under way is newer than the answer.
    this.arrived = [];
    const { messages } = await get(`thread?${query}`);
    if (query.get("wa_id") !== this.customer || query.get("phone_number_id") !== this.number) return null;
    this.messages = new Map([...messages, ...this.arrived].map((message) => [message.id, message]));
    return this.draw();
  }

  concerns(event) { return event.phone_number_id === this.number && event.wa_id === this.customer; }

  add(message) {
    if (message.direction === "outbound") this.setTyping(0);
    if (message.direction === "inbound") this.isAtBottom = true;
    this.arrived.push(message);
    this.messages.set(message.id, message);
    this.draw();
  }

  update(message) {
    if (!this.messages.has(message.id)) return;
    this.arrived.push(message);
    this.messages.set(message.id, message);
    this.draw();
  }

  setTyping(seconds) {
    clearTimeout(this.typingTimer);
    this.isTyping = seconds > 0;
    if (seconds) this.typingTimer = setTimeout(() => this.setTyping(0), seconds * 1000);
    this.drawTop(this.isTyping);
    this.draw();
  }

  draw() {
    const rows = [];
    let day = "";
    let side = "";
    for (const message of this.messages.values()) {
      const today = new Date(message.at * 1000).toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" });
      if (today !== day) rows.push(el("div", { class: "day" }, today));
      rows.push(this.bubbleOf(message, today !== day || side !== message.direction));
      day = today;
      side = message.direction;
    }
    if (this.channel()) rows.push(...starters(this, !rows.length, tap));
    if (!rows.length) rows.push(el("p", { class: "empty" }, `Write to ${this.businessName()} to begin.`));
    if (this.isTyping) {
      rows.push(el("div", { class: "dots", role: "status", "aria-label": "Business is typing", "data-testid": "typing" }, el("i"), el("i"), el("i")));
    }
    this.place(rows);
    this.keepBottom();
    this.clock.textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  }

  // Moving an element would stop its sound, so only what differs is touched.
  place(rows) {
    rows.forEach((node, index) => {
      const there = this.chat.children[index];
      if (there === node) return;
      if (there && !rows.includes(there)) there.replaceWith(node);
      else this.chat.insertBefore(node, there || null);
    });
    while (this.chat.children.length > rows.length) this.chat.lastChild.remove();
  }

  // An unchanged bubble stays the same element, so that sound and open menus survive.
  bubbleOf(message, isFirst) {
    const quoted = message.reply_to ? this.messages.has(message.reply_to) : null;
    const key = JSON.stringify([message, isFirst, quoted]);
    const old = this.drawn.get(message.id);
    if (old?.key === key) return old.node;
    const node = bubble(message, this, isFirst);
    this.drawn.set(message.id, { key, node });
    // A tick that changes must not close the menu under the customer's finger.
    if (old?.node.querySelector(".menu")) node.querySelector(".more").click();
    return node;
  }

  find(id) { return this.messages.get(id); }
  scrollTo(id) {
    for (const node of this.chat.children) {
      if (node.dataset.id === id) node.scrollIntoView({ block: "center", behavior: "smooth" });
    }
  }
  closeMenus() {
    for (const menu of this.chat.querySelectorAll(".menu")) {
      menu.previousElementSibling.setAttribute("aria-expanded", "false");
      menu.remove();
    }
  }

  // What the customer does.

  look(open = this.isLooking && !document.hidden) {
    if (!this.number || !this.customer) return Promise.resolve();
    return this.guard(post("telephones/look", { phone_number_id: this.number, wa_id: this.customer, open }));
  }

  async send(message) {
    const replyTo = message.reply_to || this.replyTo;
    const body = { phone_number_id: this.number, from: this.customer, wait: false, ...message };
    if (replyTo && message.type !== "reaction") body.reply_to = replyTo;
    if (message.type !== "reaction") this.answer(null);
    return this.guard(this.channel() ? post(...instagramCall(this, { ...message, reply_to: body.reply_to })) : post("inject", body));
  }

  sendSample(kind, replyTo) {
    const found = this.samples().find(([name]) => name === kind);
    return this.send({ type: kind, ...found[2], ...(replyTo ? { reply_to: replyTo } : {}) });
  }

  async sendFile(file) {
    const sent = await this.guard(upload(this.number, file));
    if (sent) await this.send({ type: sent.type, [sent.type]: { id: sent.id, filename: file.name } });
  }

  listened(message) {
    if (message.direction === "outbound" && message.content.voice) this.guard(post("telephones/listen", { wamid: message.id }));
  }

  edit(message) {
    this.closeMenus();
    const body = prompt("New words", message.content.body);
    if (!body) return null;
    return this.send({ type: "edit", edit: { original_message_id: message.id, message: { type: "text", text: { body } } } });
  }

  revoke(message) {
    this.closeMenus();
    return this.send({ type: "revoke", revoke: { original_message_id: message.id } });
  }

  react(message, emoji) {
    this.closeMenus();
    return this.send({ type: "reaction", reaction: { message_id: message.id, emoji } });
  }

  answer(message) {
    this.replyTo = message?.id || null;
    this.closeMenus();
    this.drawAnswering();
    if (message) this.composer.querySelector("textarea").focus();
  }

  drawAnswering() {
    const quoted = this.replyTo && this.find(this.replyTo);
    this.answering.className = quoted ? "answering" : "";
    this.answering.replaceChildren(...(quoted ? [quoteBox(quoted, this, () => this.scrollTo(quoted.id)),
      el("button", { type: "button", "aria-label": "Do not reply", onclick: () => this.answer(null) }, "✕")] : []));
  }

  choose(message) {
    const { action } = message.content;
    const close = () => sheet.remove();
    const row = (one) => el("button", { type: "button", "data-testid": "list-row", onclick: () => {
      close();
      this.send({ type: "interactive", reply_to: message.id, interactive: { type: "list_reply", list_reply: one } });
    } }, one.title, one.description ? el("small", {}, one.description) : null);
    const sheet = el("div", { class: "sheet", role: "dialog", "aria-label": action.button,
      onclick: (event) => { if (event.target === sheet) close(); },
      onkeydown: (event) => { if (event.key === "Escape") close(); } },
    el("div", {}, action.sections.map((section) => [section.title ? el("h3", {}, section.title) : null, section.rows.map(row)]).flat(2)));
    this.screen.append(sheet);
    sheet.querySelector("button")?.focus();
  }

  async guard(promise) {
    try {
      const result = await promise;
      this.trouble.textContent = "";
      return result;
    } catch (error) {
      this.trouble.textContent = error.message;
      return null;
    }
  }
}
