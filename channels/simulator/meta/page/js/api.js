// The control API, as the page uses it.

async function call(path, options) {
  const answer = await fetch(`/_sim/${path}`, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error || `HTTP ${answer.status}`);
  return body;
}

export const get = (path) => call(path);

export const post = (path, body) =>
  call(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

export function upload(phoneNumberId, file) {
  const form = new FormData();
  form.append("file", file);
  form.append("phone_number_id", phoneNumberId);
  return call("media", { method: "POST", body: form });
}

// Live events with reconnect: the browser resumes by itself; `onstate` tells how it goes.
export function follow(handlers, onstate) {
  const source = new EventSource("/_sim/events");
  let wasLost = false;
  source.onopen = () => {
    onstate(true);
    if (wasLost) handlers.resync({});
    wasLost = false;
  };
  source.onerror = () => {
    wasLost = true;
    onstate(false);
    if (source.readyState === EventSource.CLOSED) setTimeout(() => follow(handlers, onstate), 2000);
  };
  for (const [kind, handler] of Object.entries(handlers)) {
    source.addEventListener(kind, (event) => handler(JSON.parse(event.data)));
  }
}
