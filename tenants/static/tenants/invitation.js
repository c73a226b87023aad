// Who holds the token signs in or up, and accepts. The token leaves this page to the API alone.
"use strict";

const said = document.getElementById("said");
const page = document.getElementById("page");
const forms = Object.fromEntries([...document.forms].map((form) => [form.id, form]));
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
const AUTH = "/_allauth/browser/v1/";
const CODES = {
  verify_email: { label: "The code that was sent to your e-mail", path: "auth/email/verify", field: "key" },
  mfa_authenticate: { label: "The code of your authenticator app", path: "auth/2fa/authenticate", field: "code" },
};
const REFUSED = {
  invitation_not_found: "This link opens nothing. Ask for a new invitation.",
  invitation_closed: "This invitation was used, withdrawn or is too old. Ask for a new one.",
  invitation_for_another: "This invitation is for another address than yours.",
  already_member: "You are a member already.",
};
let pending = null;

history.replaceState(null, "", location.pathname);

function csrf() {
  // Signing in changes it; the cookie's name has a prefix over HTTPS.
  const found = /(?:^|;\s*)(?:__Host-)?csrftoken=([^;]+)/.exec(document.cookie);
  return found ? found[1] : page.dataset.csrf;
}

function tell(words, isRefusal = false) {
  said.textContent = words;
  said.setAttribute("role", isRefusal ? "alert" : "status");
}

function show(id, words) {
  for (const form of Object.values(forms)) form.hidden = form.id !== id;
  document.getElementById("app").hidden = id !== null;
  if (words) tell(words);
  if (id) forms[id].querySelector("input, button").focus();
}

async function ask(method, path, body) {
  const answer = await fetch(path, {
    method,
    credentials: "same-origin",
    referrerPolicy: "no-referrer",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf() },
    body: body && JSON.stringify(body),
  });
  return { status: answer.status, shown: await answer.json().catch(() => ({})) };
}

function proceed({ status, shown }) {
  if (status === 200) return show("accept", `You are signed in as ${shown.data.user.email}.`);
  if (status === 401) {
    const flow = (shown.data?.flows ?? []).find((each) => each.is_pending && CODES[each.id]);
    if (!flow) return show("sign-in", "Sign in, or sign up, with the address that was invited.");
    pending = CODES[flow.id];
    document.getElementById("code-label").textContent = pending.label;
    forms.code.reset();
    return show("code", "One step more.");
  }
  const words = (shown.errors ?? []).map((error) => error.message).join(" ");
  throw new Error(words || shown.title || (status === 429 ? "Too many tries. Wait a little." : "That did not work."));
}

async function accept() {
  const { status, shown } = await ask("POST", "/api/v1/invitations/accept", { token });
  if (status !== 200) throw new Error(REFUSED[shown.code] ?? [shown.title, shown.detail].filter(Boolean).join(". "));
  show(null, `Welcome: you work with ${shown.tenant.name} now.`);
}

async function signOut() {
  await ask("DELETE", `${AUTH}auth/session`);
  show("sign-in", "Sign in, or sign up, with the address that was invited.");
}

const given = (form) => Object.fromEntries(new FormData(form));
const STEPS = {
  "sign-in": async () => proceed(await ask("POST", `${AUTH}auth/login`, given(forms["sign-in"]))),
  "sign-up": async () => proceed(await ask("POST", `${AUTH}auth/signup`, given(forms["sign-up"]))),
  code: async () => proceed(await ask("POST", AUTH + pending.path, { [pending.field]: given(forms.code).code.trim() })),
  accept,
};

async function guarded(work) {
  const buttons = [...document.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  try {
    await work();
  } catch (error) {
    tell(error instanceof TypeError ? "The server could not be reached. Try again." : error.message, true);
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

for (const [id, step] of Object.entries(STEPS)) {
  forms[id].addEventListener("submit", (event) => {
    event.preventDefault();
    guarded(step);
  });
}
for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => show(button.dataset.show));
}
document.getElementById("other").addEventListener("click", () => guarded(signOut));

if (token) guarded(async () => proceed(await ask("GET", `${AUTH}auth/session`)));
else tell(REFUSED.invitation_not_found, true);
