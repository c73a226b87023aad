// The row of telephones. Which ones are shown stands in the address, so a reload keeps them.

import { follow, get, post } from "./api.js";
import { el } from "./dom.js";
import { withInstagram } from "./instagram.js";
import { Telephone } from "./telephone.js";

const row = document.getElementById("row");
const link = document.getElementById("link");
let people = { numbers: [], customers: [] };
let telephones = [];

async function loadPeople() {
  people = withInstagram(await get("state"));
}

function chosen() {
  return location.hash.slice(1).split(",").map((part) => part.split(":")).filter((pair) => pair.length === 2)
    .map(([number, customer]) => ({ number, customer }));
}

function remember() {
  const parts = telephones.map((one) => `${one.number}:${one.customer}`);
  history.replaceState(null, "", `#${parts.join(",")}`);
}

async function addTelephone(choice) {
  const telephone = new Telephone(people, choice, { onchange: remember, onremove: removeTelephone, onnewcustomer: askForCustomer });
  telephones.push(telephone);
  row.append(telephone.node);
  await telephone.open(choice.number, choice.customer);
  return telephone;
}

function removeTelephone(telephone) {
  telephone.look(false);
  telephones = telephones.filter((one) => one !== telephone);
  telephone.node.remove();
  remember();
}

function nextChoice() {
  const used = new Set(telephones.map((one) => one.customer));
  const number = people.numbers[telephones.length % Math.max(1, people.numbers.length)];
  const mine = people.customers.filter((one) => one.channel === number?.channel);
  const free = mine.find((one) => !used.has(one.wa_id)) || mine[0];
  return { number: number?.phone_number_id, customer: free?.wa_id };
}

function askForCustomer(telephone) {
  const name = el("input", { required: true, maxlength: "80", "data-testid": "new-name", value: "" });
  const waId = el("input", { required: true, pattern: "[0-9]{6,15}", inputmode: "numeric", "data-testid": "new-wa-id",
    value: `97250${Math.floor(1000000 + Math.random() * 8999999)}` });
  const form = el("form", { method: "dialog" }, el("h2", {}, "New customer"), el("label", {}, "Name", name),
    el("label", {}, "Telephone number, digits only", waId),
    el("div", { class: "actions" }, el("button", { type: "button", class: "plain", onclick: () => dialog.close() }, "Cancel"),
      el("button", { type: "submit", class: "pill", "data-testid": "new-save" }, "Add")));
  const dialog = el("dialog", { "aria-label": "New customer", onclose: () => dialog.remove() }, form);
  form.addEventListener("submit", async () => {
    if (telephone?.channel()) await post("instagram/people", { igsid: waId.value, name: name.value });
    else await post("customers", { wa_id: waId.value, name: name.value });
    await loadPeople();
    telephones.forEach((one) => one.refreshPeople(people));
    if (telephone) await telephone.open(telephone.number, waId.value);
    else await addTelephone({ ...nextChoice(), customer: waId.value });
  });
  document.body.append(dialog);
  dialog.showModal();
}

async function resync() {
  await loadPeople();
  for (const telephone of telephones) {
    telephone.refreshPeople(people);
    await telephone.reload();
    await telephone.look();
  }
  // A reset may have replaced everyone of whom the telephones knew.
  remember();
}

const toThose = (event, act) => telephones.filter((one) => one.concerns(event)).forEach(act);
const handlers = {
  message: async (event) => {
    if (!people.customers.some((one) => one.wa_id === event.wa_id) && people.customers.length < 200) await handlers.people();
    toThose(event, (one) => one.add(event));
  },
  change: (event) => toThose(event, (one) => one.update(event)),
  typing: (event) => toThose(event, (one) => one.setTyping(event.seconds)),
  people: async () => {
    await loadPeople();
    telephones.forEach((one) => one.refreshPeople(people));
  },
  reset: resync,
  resync,
};

async function start() {
  await loadPeople();
  follow(handlers, (isLive) => {
    link.textContent = isLive ? "live" : "reconnecting…";
    link.classList.toggle("live", isLive);
  });
  const known = new Set(people.numbers.map((one) => one.phone_number_id));
  const wanted = chosen().filter((choice) => known.has(choice.number));
  if (wanted.length) for (const choice of wanted) await addTelephone(choice);
  else if (people.numbers.length && people.customers.length) {
    const count = innerWidth > 1280 ? Math.min(2, people.customers.length) : 1;
    for (let index = 0; index < count; index += 1) await addTelephone(nextChoice());
  }
}

document.getElementById("add").addEventListener("click", async () => {
  if (!people.customers.length) return askForCustomer(null);
  const telephone = await addTelephone(nextChoice());
  telephone.node.scrollIntoView({ inline: "center", behavior: "smooth" });
});
document.addEventListener("visibilitychange", () => telephones.forEach((one) => one.look()));
addEventListener("pagehide", () => telephones.forEach((one) => navigator.sendBeacon("/_sim/telephones/look",
  JSON.stringify({ phone_number_id: one.number, wa_id: one.customer, open: false }))));
start();
