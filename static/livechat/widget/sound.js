import { Sounds } from "../shared/sounds.js";

const LOCK = "livechat-chime";
const HELD_MS = 1_500;

const sounds = new Sounds();

/** To be called while a click or a key is handled: browsers let pages sound from then on. */
export function arm() {
  return sounds.unlock();
}

/** Tell that somebody answered: once, however many tabs hear of it. */
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
