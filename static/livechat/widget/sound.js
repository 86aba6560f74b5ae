/** The widget's sound for new messages. */

import { Sounds } from "../shared/sounds.js";

const LOCK = "livechat-chime";
const HELD_MS = 1_500;

const sounds = new Sounds();

/** Allow sounds. Call while a click or a key press is handled, as browsers require. */
export function arm() {
  return sounds.unlock();
}

/** Play the sound of a new message: in one tab only, however many receive it. */
export async function chime() {
  await sounds.unlock();
  const play = () => sounds.play("message", 0.8);
  if (!navigator.locks) return play();
  await navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (!lock) return;
    await play();
    await new Promise((done) => setTimeout(done, HELD_MS));
  }).catch(play);
}
