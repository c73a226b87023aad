// What the provider's dialog brought back goes to the API once; the address is cleaned first.
"use strict";

const page = document.getElementById("page");
const said = document.getElementById("said");
const list = document.getElementById("accounts");
const { state, code, tenant, csrf } = page.dataset;
const ADVICE = {
  sign_in_state_invalid: "Only the person who began it can finish it, once and within half an hour. Begin again in the app.",
  not_authenticated: "Sign in to the app in this browser, and begin again there.",
  reauthentication_required: "Some time has passed since you signed in. Confirm your password or second factor in the app, then press Connect again.",
};

history.replaceState(null, "", location.pathname);
for (const name of ["state", "code", "csrf"]) delete page.dataset[name];

async function ask(path, body) {
  const answer = await fetch(`/api/v1/channels/sign-ins/${path}`, {
    method: "POST",
    credentials: "same-origin",
    referrerPolicy: "no-referrer",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf, "X-Tenant": tenant },
    body: JSON.stringify(body),
  });
  const shown = await answer.json();
  if (!answer.ok) throw new Error(ADVICE[shown.code] ?? [shown.title, shown.detail].filter(Boolean).join(". "));
  return shown;
}

function tell(words, isRefusal = false) {
  said.textContent = words;
  said.setAttribute("role", isRefusal ? "alert" : "status");
}

async function guarded(work) {
  try {
    await work();
  } catch (error) {
    tell(error instanceof TypeError ? "The app could not be reached. Try again." : error.message, true);
    return false;
  }
  return true;
}

function offer(signIn, account) {
  const row = document.createElement("li");
  const button = document.createElement("button");
  row.append(account.name || account.id, button);
  button.textContent = "Connect";
  button.disabled = !account.ready;
  if (!account.ready) button.title = "This number needs its PIN: connect it in the app.";
  button.addEventListener("click", async () => {
    button.disabled = true;
    const isDone = await guarded(async () => {
      const channel = await ask(`${signIn}/connect`, { account_id: account.id });
      tell(`${channel.name} is connected. You can return to the app.`);
      button.textContent = "Connected";
    });
    if (!isDone) button.disabled = false;
  });
  list.append(row);
}

guarded(async () => {
  const { id, accounts } = await ask("instagram/complete", { state, code });
  tell(accounts.length === 1 ? "Access was given to this account." : "Access was given to these accounts.");
  accounts.forEach((account) => offer(id, account));
});
