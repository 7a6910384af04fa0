import { defineConfig } from "vite";

// One script and one style sheet with fixed names: the shells in src/querist/server/pages name them, and the server
// sends them with an ETag and no-cache, so that a new release is seen at once.
export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  base: "/static/",
  build: {
    outDir: "../src/querist/server/static",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: false,
    sourcemap: false,
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: "src/main.tsx",
      output: { entryFileNames: "app.js", assetFileNames: "app[extname]", codeSplitting: false },
    },
  },
});
