// What an agent says of its steps: task cards, alone or in a plan.

import { h } from "./dom.js";
import { link, plainText } from "./mrkdwn.js";

const MARKS = { pending: "○", in_progress: "", complete: "✓", error: "!" };

/** A task with what it did; `richOf` draws rich text. */
export function taskOf(task, richOf) {
  const inside = [
    task.details ? h("div", { class: "task-details" }, richOf(task.details)) : null,
    task.output ? h("div", {}, richOf(task.output)) : null,
    task.sources?.length ? h("div", { class: "task-sources" }, task.sources.map((source) => link(source.url, plainText(source.text)))) : null,
  ].filter(Boolean);
  const head = [h("span", { class: `task-mark ${task.status}`, "aria-label": task.status }, MARKS[task.status]), h("span", {}, plainText(task.title))];
  return inside.length
    ? h("details", { class: "task", open: task.status === "in_progress" }, h("summary", {}, head), inside)
    : h("div", { class: "task" }, head);
}

/** A plan with its tasks. */
export function planOf(plan, richOf) {
  return [h("div", { class: "plan-title" }, plainText(plan.title || "Plan")), (plan.tasks ?? []).map((task) => taskOf(task, richOf))];
}
