// The page's JavaScript: its files are put one after the other into one script, so each is linted as a stretch of the whole.
// The site's are scripts by themselves.
import { readFileSync, readdirSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const { configs } = createRequire(realpathSync(process.argv[1]))("@eslint/js"); // the rules that come with ESLint itself

const BROWSER = ["Element", "Node", "ResizeObserver", "addEventListener", "clearTimeout", "document", "fetch", "history", "innerWidth", "location",
  "navigator", "removeEventListener", "scrollTo", "setTimeout"];

const lines = (text) => text.split("\n").length;
const stretches = new Map();

const wholeScript = {
  preprocess(text, file) {
    const folder = path.dirname(file);
    const names = readdirSync(folder).filter((name) => name.endsWith(".js"));
    const texts = names.map((name) => (name === path.basename(file) ? text : readFileSync(path.join(folder, name), "utf8")));
    const first = 1 + texts.slice(0, names.indexOf(path.basename(file))).reduce((count, other) => count + lines(other), 0);
    const last = path.basename(file) === names.at(-1); // what is missing at the very end is found behind it
    stretches.set(file, [first, last ? Infinity : first + lines(text)]);
    return [`(() => {'use strict';\n${texts.join("\n")}\n})();`];
  },
  postprocess([messages], file) {
    const [first, end] = stretches.get(file);
    return messages.filter(({ line }) => line > first && line <= end).map((found) => ({
      ...found, line: found.line - first, endLine: found.endLine - first, fix: undefined, suggestions: undefined,
    }));
  },
};

const STRICT = { ...configs.recommended.rules, eqeqeq: "error", "no-shadow": "error", "no-var": "error", "prefer-const": "error" };
const readonly = (names) => Object.fromEntries(names.map((name) => [name, "readonly"]));

export default [{
  ...configs.recommended,
  files: ["src/emkit/page/assets/*.js"],
  rules: {
    ...STRICT,
    "no-restricted-syntax": ["error", {
      selector: "TemplateLiteral TemplateLiteral", message: "rjsmin cannot read a template inside a template.",
    }],
  },
  processor: wholeScript,
  languageOptions: { sourceType: "script", globals: readonly(BROWSER) },
  linterOptions: { reportUnusedDisableDirectives: "error" },
}, {
  files: ["website/*.js", "docs/javascripts/*.js"],
  rules: STRICT,
  languageOptions: { sourceType: "script", globals: readonly([...BROWSER, "MutationObserver", "parent", "window"]) },
  linterOptions: { reportUnusedDisableDirectives: "error" },
}];
