// Dates as Slack writes them, by the reader's own clock (docs.slack.dev, formatting message text).

const DAY_MS = 86_400_000;

/** `{date_short_pretty} at {time}` and the like, for a moment in Unix seconds. */
export function written(seconds, format) {
  const moment = new Date(seconds * 1000);
  return format.replace(/\{(\w+)\}/g, (token, name) => TOKENS[name]?.(moment) ?? token);
}

const day = (month, more = {}) => (moment) => moment.toLocaleDateString("en-US", { month, day: "numeric", year: "numeric", ...more });
const pretty = (otherwise) => (moment) => near(moment) ?? otherwise(moment);
const DATES = { date: day("long"), date_short: day("short"), date_long: day("long", { weekday: "long" }) };
const TOKENS = {
  ...DATES,
  date_pretty: pretty(DATES.date),
  date_short_pretty: pretty(DATES.date_short),
  date_long_pretty: pretty(DATES.date_long),
  date_num: (moment) => `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`,
  time: (moment) => moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" }),
  time_secs: (moment) => moment.toLocaleTimeString("en-GB"),
};

function near(moment) {
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
  const days = Math.round((midnight(moment) - midnight(new Date())) / DAY_MS);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days];
}

function two(number) {
  return String(number).padStart(2, "0");
}
