// A passkey instead of the password, or instead of the code after it. Shown only where the browser can.
"use strict";

const box = document.getElementById("passkey");
const said = box.querySelector("[role=alert]");
const button = box.querySelector("button");
const form = document.getElementById("login-form");

function refuse(words) {
  said.textContent = words;
  said.hidden = false;
}

const why = (told) => told.error ?? told.title ?? "That did not work.";

async function answered(url, credential) {
  const body = new URLSearchParams({ credential: JSON.stringify(credential) });
  const headers = { Accept: "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  return fetch(url, { method: "POST", credentials: "same-origin", headers, body });
}

async function signIn() {
  const url = box.dataset.ask + location.search;
  const asked = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
  const question = await asked.json();
  if (!asked.ok) return refuse(why(question));
  const credential = await window.webauthnJSON.get(question.request_options);
  const told = await (await answered(url, credential)).json();
  return told.next ? location.assign(told.next) : refuse(why(told));
}

button.addEventListener("click", async () => {
  said.hidden = true;
  button.disabled = true;
  try {
    await signIn();
  } catch (error) {
    refuse(error.name === "NotAllowedError" ? "No passkey was given." : "The passkey could not be used here.");
  } finally {
    button.disabled = false;
  }
});
box.hidden = !window.PublicKeyCredential;
