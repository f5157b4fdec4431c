import { defineConfig, type Plugin } from "vite";

/** Cornerstone styles its text by an attribute, which our Content-Security-Policy refuses; a property says the same. */
function styleByProperty(): Plugin {
  const attribute = "textElement.setAttribute('style', combinedStyle)";
  return {
    name: "style-by-property",
    transform(code, id) {
      if (!id.endsWith("/drawingSvg/drawTextBox.js")) return undefined;
      if (!code.includes(attribute)) this.error("drawTextBox.js has changed: look whether it still sets a style attribute.");
      return { code: code.replace(attribute, "textElement.style.cssText = combinedStyle"), map: null };
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [styleByProperty()],
  worker: { format: "es" },
  build: {
    outDir: "../static/viewer",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 4000,
    modulePreload: { polyfill: false },
    rollupOptions: { input: "src/main.ts" },
  },
});
