// The frames with pages of lessons: each is as high as its page, has the colours of the site, and shows its top after a turn.
(() => {
  const frames = () => [...document.querySelectorAll("iframe.live")];
  const scheme = () => (document.body.dataset.mdColorScheme === "slate" ? "dark" : "light");
  const colour = (frame) => frame.contentWindow.postMessage({ scheme: scheme() }, "*");

  addEventListener("message", ({ source, data }) => {
    const frame = frames().find(({ contentWindow }) => contentWindow === source);
    if (!frame) return;
    if (data.ready) colour(frame);
    if (Number.isFinite(data.height)) frame.style.height = `${data.height + 2}px`; // and its border
    if (data.turned && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
  });
  new MutationObserver(() => frames().forEach(colour)).observe(document.body, { attributes: true, attributeFilter: ["data-md-color-scheme"] });
})();
