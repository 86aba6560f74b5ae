/** The emoji of the picker: the most common ones, few enough to find without a search. */

/** The groups in order, emoji separated by spaces. The first emoji is the symbol of its group. */
export const GROUPS = Object.entries({
  smileys: "😀 😃 😄 😁 😆 😅 🤣 😂 🙂 🙃 😉 😊 😇 🥰 😍 🤩 😘 😋 😜 🤪 🤗 🤭 🤔 🤨 😐 😶 😏 😬 😌 😴 😷 🤒 🥵 🥶 🤯 🥳 😎 🤓 😕 😟 😮 😳 🥺 😢 😭 😱 😩 😤",
  people: "👋 🤚 ✋ 👌 🤌 ✌️ 🤞 🤟 🤙 👈 👉 👆 👇 ☝️ 👍 👎 ✊ 👊 👏 🙌 🫶 👐 🤝 🙏 ✍️ 💪 👀 🧠 👶 🧒 🧑 👨 👩 🧓 🙋 🙆 🙅 🤷 🤦 🙇",
  nature: "🐶 🐱 🐭 🐰 🦊 🐻 🐼 🐨 🦁 🐮 🐷 🐸 🐵 🐔 🐧 🦆 🦉 🐴 🦄 🐝 🦋 🐢 🐙 🐟 🐬 🐳 🌵 🌲 🌴 🍀 🍁 🌷 🌹 🌻 🌞 🌙 ⭐ 🌈 ☔ ❄️",
  food: "🍏 🍎 🍐 🍊 🍋 🍌 🍉 🍇 🍓 🍒 🍑 🥝 🍅 🥑 🥕 🌽 🥐 🍞 🧀 🥚 🥞 🍔 🍟 🍕 🌮 🥗 🍝 🍜 🍣 🍪 🍫 🍰 🎂 🍦 🍩 🍵 ☕ 🥤 🍺 🍷",
  activities: "⚽ 🏀 🏈 ⚾ 🎾 🏐 🎱 🏓 🏸 🥅 🏹 🎣 🥊 ⛸️ 🎿 🏆 🥇 🥈 🥉 🎯 🎲 🧩 🎮 🎨 🎬 🎤 🎧 🎸 🎹 🎺 🎉 🎈",
  travel: "🚗 🚕 🚌 🚑 🚚 🚜 🚲 🛴 🏍️ 🚆 🚇 🚀 ✈️ 🚁 ⛵ 🚢 ⚓ 🚦 🗺️ 🧭 🏠 🏢 🏥 🏦 🏨 🏪 🏫 🏰 🌍 🏔️ 🏖️ 🏝️",
  objects: "⌚ 📱 💻 ⌨️ 🖨️ 📷 📺 ☎️ 🔋 🔌 💡 🔦 🔧 🔨 🔩 ⚙️ 🧰 🔑 🔒 🔓 🛒 🎁 📦 ✉️ 📧 📎 📌 📅 📊 📝 📚 🔍 💰 💳 🧾 ⏰ 💊 🩹 🧹 🗑️",
  symbols: "❤️ 🧡 💛 💚 💙 💜 🖤 🤍 💔 💕 💯 ✅ ☑️ ✔️ ❌ ❓ ❗ ⚠️ 🚫 ⛔ 🔴 🟠 🟡 🟢 🔵 🟣 ⬆️ ⬇️ ⬅️ ➡️ 🔄 ➕ ➖ ♻️ ✨ ⚡ 🔥 💧 🎵 💬",
}).map(([name, line]) => ({
  name: /** @type {Group} */ (name), emoji: line.split(" "),
}));

/** @typedef {"smileys" | "people" | "nature" | "food" | "activities" | "travel" | "objects" | "symbols"} Group */

/** Emoji in a row. */
export const ACROSS = 8;

const RECENT = "livechat:emoji";
/** Longest emoji in UTF-16 units: a family has 11. */
const LONGEST = 16;

/** The recently used emoji: one row, the newest first. */
export class Recent {
  #storage;

  /** @param {{ get: (key: string) => string | null, set: (key: string, value: string) => void }} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  /** @returns {string[]} */
  get emoji() {
    return (this.#storage.get(RECENT) ?? "").split(" ").filter((emoji) => emoji && emoji.length <= LONGEST).slice(0, ACROSS);
  }

  /** @param {string} emoji */
  add(emoji) {
    const others = this.emoji.filter((other) => other !== emoji);
    this.#storage.set(RECENT, [emoji, ...others].slice(0, ACROSS).join(" "));
  }
}

/** @template Thing @param {Thing[]} things @returns {Thing[][]} */
export function rows(things) {
  return Array.from({ length: Math.ceil(things.length / ACROSS) }, (_, index) => (
    things.slice(index * ACROSS, (index + 1) * ACROSS)
  ));
}

/**
 * Return the cell that a key leads to in a grid whose rows may be short.
 * @param {number[]} lengths  of the rows
 * @param {readonly [row: number, column: number]} from
 * @param {string} key
 * @param {boolean} rightToLeft
 * @returns {readonly [row: number, column: number] | null} null for a key without a direction
 */
export function step(lengths, [row, column], key, rightToLeft) {
  const end = (/** @type {number} */ at) => (lengths[at] ?? 1) - 1;
  const forward = rightToLeft ? "ArrowLeft" : "ArrowRight";
  const last = lengths.length - 1;
  switch (key) {
    case "ArrowUp":
    case "ArrowDown": {
      const next = Math.min(last, Math.max(0, row + (key === "ArrowUp" ? -1 : 1)));
      return [next, Math.min(column, end(next))];
    }
    case "ArrowLeft":
    case "ArrowRight":
      // Wrap at the ends of a row, as in a text.
      if (key === forward) {
        if (column < end(row)) return [row, column + 1];
        return row < last ? [row + 1, 0] : [row, column];
      }
      if (column > 0) return [row, column - 1];
      return row > 0 ? [row - 1, end(row - 1)] : [row, column];
    case "Home":
      return [row, 0];
    case "End":
      return [row, end(row)];
    default:
      return null;
  }
}
