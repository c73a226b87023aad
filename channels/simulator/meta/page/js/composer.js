// The line in which the customer writes, and the menu of things to attach.

import { el } from "./dom.js";
import { icon } from "./icons.js";

export function composer(telephone) {
  const box = el("textarea", { rows: "1", placeholder: "Message", "aria-label": "Message", "data-testid": "composer" });
  const fit = () => {
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 110)}px`;
  };
  const submit = (event) => {
    event?.preventDefault();
    const text = box.value.trim();
    if (!text) return;
    box.value = "";
    fit();
    telephone.send({ type: "text", text: { body: text } });
  };
  box.addEventListener("input", fit);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
  const { opener, menu, file } = attachments(telephone);
  return el("form", { class: "composer", onsubmit: submit }, menu, opener, file, box,
    el("button", { class: "round", type: "submit", "aria-label": "Send", "data-testid": "send" }, icon("send")));
}

function attachments(telephone) {
  const file = el("input", { type: "file", hidden: true, "aria-label": "Own file", "data-testid": "own-file" });
  const entry = (testid, name, label, onclick) => el("button", { type: "button", "data-testid": testid, onclick: () => { show(false); onclick(); } },
    el("span", { "aria-hidden": "true" }, icon(name)), label);
  const menu = el("div", { class: "attach", hidden: true, role: "group", "aria-label": "Attach" },
    telephone.samples().map(([kind, label]) => entry(`attach-${kind}`, kind, label, () => telephone.sendSample(kind))),
    entry("attach-file", "file", "Own file", () => file.click()));
  const opener = el("button", { class: "round light", type: "button", "aria-label": "Attach", "aria-expanded": "false", "data-testid": "attach",
    onclick: () => show(menu.hidden) }, icon("plus"));
  function show(open) {
    menu.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
  }
  menu.addEventListener("keydown", (event) => { if (event.key === "Escape") { show(false); opener.focus(); } });
  file.addEventListener("change", () => {
    if (file.files[0]) telephone.sendFile(file.files[0]);
    file.value = "";
  });
  return { opener, menu, file };
}
