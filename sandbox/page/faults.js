// The drawer in which things go wrong on purpose.

import { fill, h, icon } from "./dom.js";
import { getJson, postJson } from "./server.js";

const METHODS = ["chat.postMessage", "chat.update", "chat.startStream", "chat.appendStream", "chat.stopStream", "chat.postEphemeral", "chat.delete",
  "assistant.threads.setStatus", "conversations.info", "conversations.members", "conversations.replies", "users.info", "usergroups.list", "views.open", "views.publish"];
const ERRORS = ["internal_error", "message_not_in_streaming_state", "channel_not_found", "not_in_channel", "msg_too_long", "invalid_blocks"];
const SLOW_S = 1.5;
const EDITS = ["chat.update", "chat.appendStream"];
const REFRESH_MS = 1500;
const OFF = { rate_limited: {}, refused: {}, lost_answers: {}, auth_error: null, repeat_events: 0, slow_api_s: 0 };

const drawer = document.getElementById("faults");
let timer = null;

export async function openFaults() {
  await show(await getJson("/page/faults"));
  drawer.showModal();
  timer = setInterval(calls, REFRESH_MS);
}

drawer.addEventListener("close", () => clearInterval(timer));
drawer.addEventListener("click", (event) => {
  if (event.target === drawer || event.target.closest("[data-close]")) drawer.close();
});
drawer.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const values = Object.fromEntries(new FormData(form));
  const faults = await getJson("/page/faults");
  await show(await postJson(form.dataset.path, CHANGES[form.dataset.kind](values, faults)));
});

const CHANGES = {
  rate_limited: (v, now) => ({ rate_limited: { ...now.rate_limited, [v.method]: { calls: Number(v.calls), retry_after_s: Number(v.retry_after_s) } } }),
  refused: (v, now) => ({ refused: { ...now.refused, [v.method]: { calls: Number(v.calls), error: v.error } } }),
  lost_answers: (v, now) => ({ lost_answers: { ...now.lost_answers, [v.method]: Number(v.calls) } }),
  day: (v) => ({ auth_error: v.auth_error || null, repeat_events: Number(v.repeat_events), slow_api_s: Number(v.slow_api_s) }),
  drop: () => ({ action: "drop" }),
  deafen: () => ({ action: "deafen" }),
  refresh: () => ({ action: "refresh" }),
  slow: (_v, now) => ({ slow_api_s: now.slow_api_s ? 0 : SLOW_S }),
  limited: (_v, now) => ({ rate_limited: { ...now.rate_limited, ...Object.fromEntries(EDITS.map((method) => [method, { calls: 5, retry_after_s: 3 }])) } }),
  off: () => OFF,
};

async function show(answer) {
  const faults = "slow_api_s" in answer ? answer : await getJson("/page/faults");
  drawer.replaceChildren( // not mended but made anew: fields that were typed into would keep their values
    h("header", { class: "bar" }, h("h2", {}, "Faults"), h("button", { type: "button", class: "icon-button", "data-close": true, "aria-label": "Close" }, icon("close"))),
    h("p", { class: "about" }, "Make the workspace misbehave as Slack sometimes does, and see how the app takes it."),
    h("div", { class: "row quick" },
      form("slow", "", faults.slow_api_s ? "Slack at its usual pace" : "Slow Slack", []),
      form("limited", "", "429 on edits", []),
      form("drop", "", "Drop socket", [], "/page/sockets"),
      form("deafen", "", "Deaf socket", [], "/page/sockets"),
      form("refresh", "", "Refresh socket", [], "/page/sockets"),
      form("off", "", "All off", [])),
    active(faults),
    form("rate_limited", "Too many requests (429)", "Set", [
      pick("method", METHODS), amount("calls", "next calls", 3), amount("retry_after_s", "Retry-After, s", 5),
    ]),
    form("refused", "Refused", "Set", [pick("method", METHODS), amount("calls", "next calls", 1), pick("error", ERRORS)]),
    form("lost_answers", "Carried out, answer lost", "Set", [pick("method", METHODS), amount("calls", "next calls", 1)]),
    form("day", "Until changed", "Set", [
      h("label", {}, "token", h("select", { name: "auth_error" }, ["", "invalid_auth", "token_revoked", "account_inactive"].map((name) =>
        h("option", { value: name, selected: (faults.auth_error ?? "") === name }, name || "accepted")))),
      amount("repeat_events", "repeat events", faults.repeat_events), amount("slow_api_s", "slow API, s", faults.slow_api_s, "0.1"),
    ]),
    h("h3", {}, "Latest calls"),
    h("ol", { class: "calls", id: "calls" }),
  );
  await calls();
}

function active(faults) {
  const lines = [
    ...(faults.slow_api_s ? [`every call ${faults.slow_api_s} s slower`] : []),
    ...Object.entries(faults.rate_limited).filter(([, each]) => each.calls).map(([name, each]) => `${name}: ${each.calls} times 429, Retry-After ${each.retry_after_s} s`),
    ...Object.entries(faults.refused).filter(([, each]) => each.calls).map(([name, each]) => `${name}: ${each.calls} times ${each.error}`),
    ...Object.entries(faults.lost_answers).filter(([, count]) => count).map(([name, count]) => `${name}: ${count} lost`),
  ];
  return lines.length ? h("p", { class: "active" }, `Armed: ${lines.join("; ")}`) : h("p", { class: "active" }, "An ordinary day.");
}

async function calls() {
  const list = document.getElementById("calls");
  if (!list) return;
  const { calls: all } = await getJson("/page/calls");
  fill(
    list,
    all.slice(-25).reverse().map((call) =>
      h("li", { class: call.error ? "failed" : null },
        h("time", {}, new Date(call.at * 1000).toLocaleTimeString("en-GB")),
        h("code", {}, call.method),
        h("span", {}, call.answered ? (call.error ?? "ok") : "answer lost"))),
  );
}

function form(kind, title, action, fields, path = "/page/faults") {
  return h("form", { "data-kind": kind, "data-path": path, method: "dialog" },
    title ? h("h3", {}, title) : null,
    h("div", { class: "fields" }, fields, h("button", { type: "submit", class: "button" }, action)));
}

function pick(name, options) {
  return h("label", {}, name, h("select", { name }, options.map((option) => h("option", { value: option }, option))));
}

function amount(name, label, value, step = "1") {
  return h("label", {}, label, h("input", { name, type: "number", min: "0", step, value: String(value) }));
}
