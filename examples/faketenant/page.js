// The live log: each request comes as a server-sent event and goes on top. Without JavaScript the
// page shows what there was when it was opened.
"use strict";
const log = document.getElementById("log");
const element = (name, text, kind) => {
  const e = document.createElement(name);
  e.textContent = text;
  if (kind) e.className = kind;
  return e;
};
new EventSource("/api/events").addEventListener("request", (event) => {
  const r = JSON.parse(event.data);
  document.getElementById("none")?.remove();
  const grant = r.form?.grant_type ? " " + r.form.grant_type[0] : "";
  const entry = element("details", "", "request");
  const line = element("summary", r.number + " " + r.time.slice(11, 19) + " ");
  line.append(element("b", String(r.status)), " " + r.method + " " + r.host + r.path + " " + (r.command ?? "") + grant);
  entry.append(line);
  for (const why of r.why ?? []) entry.append(element("p", why, "why"));
  if (r.document) entry.append(element("pre", r.document));
  for (const [name, values] of Object.entries(r.reply ?? {})) for (const v of values) entry.append(element("p", name + ": " + v, "header"));
  if (r.answer) entry.append(element("pre", r.answer));
  log.prepend(entry);
});
