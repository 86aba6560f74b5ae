/** The page to print: a button for those who do not know the keys. */

const button = document.querySelector("button");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
