"""Measures how fast the chat reacts to the user.

The measurements are printed at the end of ``pytest -m browser``. They fail no test, because a busy
machine is no defect.
"""

from dataclasses import dataclass, field
from statistics import median

AIMS: dict[str, str] = {
    "widget: key press to paint": "50 ms",
    "widget: Enter to own bubble": "1 frame",
    "inbox: key press to paint": "50 ms",
    "inbox: Enter to own bubble": "1 frame",
    "inbox: switch to a chat in memory": "100 ms",
    "inbox: next of 500 chats by key": "50 ms",
    "inbox: first load with 200 chats": "1,500 ms",
    "inbox: frame while scrolling 10,000 messages": "17 ms",
    "widget: paste of 5 MB": "200 ms",
    "loader: main thread before a click": "30 ms",
}


@dataclass
class ReactionTimes:
    """Collects the measurements of one run, in the units of `AIMS`."""

    figures: dict[str, list[float]] = field(default_factory=dict)

    def note(self, name: str, *values: float) -> None:
        assert name in AIMS, name
        self.figures.setdefault(name, []).extend(values)

    def lines(self) -> list[str]:
        """Return a line for each measurement: median, 95th percentile, aim."""
        return [
            f"{name:<48} {median(values):>8.1f}   p95 {_p95(values):>8.1f}   aim {AIMS[name]}"
            for name, values in sorted(self.figures.items())
        ]


def _p95(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


reaction_times = ReactionTimes()
"""The measurements of this run."""


KEYS_TO_PAINT = """
() => {
  const waits = [];
  window.keyWaits = waits;
  document.addEventListener("keydown", () => {
    const pressed = performance.now();
    // The frame after this task, then a task after its paint.
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => waits.push(performance.now() - pressed);
      channel.port2.postMessage(0);
    });
  }, { capture: true });
}
"""
"""Stores in `keyWaits` the milliseconds between each key press and its paint."""

FRAMES_TO_BUBBLE = """
() => {
  window.bubbleFrames = [];
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const before = document.querySelectorAll("li.entry.own").length;
    let frames = 0;
    const look = () => {
      frames += 1;
      const isThere = document.querySelectorAll("li.entry.own").length > before;
      if (isThere) window.bubbleFrames.push(frames);
      else if (frames < 600) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, { capture: true });
}
"""
"""Stores in `bubbleFrames` the number of the frame after Enter in which the text's bubble exists.

The callbacks of a frame run before its paint, in the order of their requests. The first check runs
before the page's own callback of that frame. So a bubble drawn at once counts 1, and one drawn in
the page's callback of the same frame counts 2.
"""

FRAMES_WHILE_SCROLLING = """
async (scroller) => {
  const waits = [];
  let last = performance.now();
  const end = last + 3_000;
  while (last < end) {
    scroller.scrollTop -= 400;
    if (scroller.scrollTop < 1_000) scroller.scrollTop = scroller.scrollHeight;
    const now = await new Promise(requestAnimationFrame);
    waits.push(now - last);
    last = now;
  }
  return waits.slice(1);
}
"""
"""Scrolls for three seconds and returns the duration of each frame."""
