// React takes over the whole document, which must be as `hydrated.html` was rendered.
const e = React.createElement;
const late = document.querySelector("script[src$=late]") !== null;
const lines = [...document.scripts].map((script) => script.src).filter((src) => src.includes("/widget/"));

function App() {
  const [where, setWhere] = React.useState("first");
  window.leave = () => setWhere("second");
  return e("html", { lang: "en" },
    e("head", null,
      e("meta", { charSet: "utf-8" }),
      e("title", null, "A page"),
      e("link", { rel: "icon", href: "data:," }),
      e("script", { defer: true, src: "/lib/react/umd/react.production.min.js" }),
      e("script", { defer: true, src: "/lib/react-dom/umd/react-dom.production.min.js" }),
      late
        ? e("script", { type: "module", async: true, src: "/hydrated.js?late" })
        : e("script", { defer: true, src: "/hydrated.js" })),
    e("body", null,
      e("header", null, e("b", { id: "where" }, where)),
      e("main", null, ...[...document.querySelectorAll("main p")].map((line, key) =>
        e("p", { key }, line.textContent))),
      e("footer", null, "The end"),
      ...lines.map((src) => e("script", { key: src, async: true, src }))));
}

ReactDOM.hydrateRoot(document, e(App), { onRecoverableError: (error) => console.error(error) });
