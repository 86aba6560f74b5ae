// An effect embeds the chat and takes it down. `StrictMode` runs it twice in one task.
const e = React.createElement;
const source = document.body.dataset.line.match(/http[^"]+/)?.[0];

function Chat() {
  React.useEffect(() => {
    const script = document.createElement("script");
    script.async = true;
    if (source) document.body.append(Object.assign(script, { src: source }));
    return () => {
      window.Livechat?.destroy();
      script.remove();
    };
  }, []);
  return null;
}

function App() {
  const [where, setWhere] = React.useState("first");
  window.leave = () => setWhere("second");
  return e(React.StrictMode, null,
    e("header", null, e("b", { id: "where" }, where)),
    e("main", null, ...Array.from({ length: 20 }, (_, key) => e("p", { key, style: { height: 80 } }, "Line"))),
    e("footer", null, "The end"),
    e(Chat, { key: where }));
}

ReactDOM.createRoot(document.querySelector("#root")).render(e(App));
