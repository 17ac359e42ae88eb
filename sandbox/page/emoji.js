// A common few of the emoji shortcodes; any other stays as it was typed.

const EMOJI = {
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", heart: "❤️", tada: "🎉", eyes: "👀", wave: "👋",
  smile: "😄", slightly_smiling_face: "🙂", grin: "😁", joy: "😂", wink: "😉", blush: "😊", thinking_face: "🤔",
  cry: "😢", sob: "😭", sweat_smile: "😅", sunglasses: "😎", pray: "🙏", clap: "👏", raised_hands: "🙌",
  muscle: "💪", ok_hand: "👌", point_right: "👉", point_down: "👇", fire: "🔥", rocket: "🚀", sparkles: "✨",
  heavy_plus_sign: "➕", heavy_minus_sign: "➖", star: "⭐", bulb: "💡", warning: "⚠️", white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", no_entry: "⛔",
  question: "❓", exclamation: "❗", information_source: "ℹ️", mag: "🔍", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", stopwatch: "⏱️", clock3: "🕒", lock: "🔒", unlock: "🔓", key: "🔑", book: "📖",
  books: "📚", page_facing_up: "📄", memo: "📝", link: "🔗", bookmark: "🔖", calendar: "📅", date: "📅",
  bar_chart: "📊", chart_with_upwards_trend: "📈", email: "✉️", telephone_receiver: "📞", computer: "💻",
  robot_face: "🤖", hammer_and_wrench: "🛠️", wrench: "🔧", gear: "⚙️", bug: "🐛", airplane: "✈️", train: "🚆",
  house: "🏠", office: "🏢", baby: "👶", palm_tree: "🌴", seedling: "🌱", herb: "🌿", tomato: "🍅", coffee: "☕",
  pizza: "🍕", beers: "🍻", birthday: "🎂", gift: "🎁", moneybag: "💰", credit_card: "💳", zap: "⚡",
  speech_balloon: "💬", shushing_face: "🤫", zipper_mouth_face: "🤐", see_no_evil: "🙈", red_circle: "🔴",
  large_green_circle: "🟢", large_yellow_circle: "🟡", arrow_right: "➡️", arrows_counterclockwise: "🔄",
  octagonal_sign: "🛑", double_vertical_bar: "⏸️", de: "🇩🇪", "flag-de": "🇩🇪", "flag-pt": "🇵🇹", "flag-ca": "🇨🇦",
};

const DRAWN = {
  "+1": "thumb-up", thumbsup: "thumb-up", "-1": "thumb-down", thumbsdown: "thumb-down", shushing_face: "hush",
  hourglass_flowing_sand: "hourglass", white_check_mark: "done", warning: "warning", x: "failed", octagonal_sign: "halted",
  arrows_counterclockwise: "again", heavy_plus_sign: "plus", heavy_minus_sign: "minus",
};

/** The icon that stands for a shortcode on machines without a font for it, or null. */
export function drawn(name) {
  return DRAWN[name] ?? null;
}

/** The emoji of a shortcode, or null. */
export function emoji(name) {
  return EMOJI[name] ?? null;
}
