/** The page to print: show the button that opens the print dialog. */

const button = document.querySelector("button");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
