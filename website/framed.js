// In a frame of the site, the page of a lesson wears the site's colours, says how high it is, and leads to the site's pages.
(() => {
  if (parent === window) return;
  for (const link of document.querySelectorAll("[data-in-site]")) link.setAttribute("href", link.dataset.inSite);
  for (const link of document.querySelectorAll("[data-back]")) link.remove();

  const tell = (what) => parent.postMessage(what, "*");
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
  const ofDark = rules.filter((rule) => rule.media && rule.media.mediaText.includes("prefers-color-scheme: dark"));

  addEventListener("message", ({ source, data }) => {
    if (source !== parent || !["dark", "light"].includes(data.scheme)) return;
    document.documentElement.style.colorScheme = data.scheme;
    for (const rule of ofDark) rule.media.mediaText = data.scheme === "dark" ? "all" : "not all";
  });
  new ResizeObserver(() => tell({ height: Math.ceil(document.body.getBoundingClientRect().height) })).observe(document.body);
  new MutationObserver((changes) => {
    const turned = changes.some(({ target, attributeName, oldValue }) => oldValue && oldValue !== target.getAttribute(attributeName));
    if (turned) tell({ turned });
  }).observe(document.body, { subtree: true, attributes: true, attributeOldValue: true, attributeFilter: ["data-scene", "data-mode"] });
  tell({ ready: true });
})();
