import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { defineConfig, type Plugin } from "vite";

/** Cornerstone styles its text by an attribute, which our Content-Security-Policy forbids; a property has the same effect. */
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

/** Write a compressed copy of each file: the web server sends that one, and compresses nothing itself. */
function compress(): Plugin {
  return {
    name: "compress",
    writeBundle({ dir = "" }, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        if (/\.(js|css|svg|wasm)$/.test(name)) writeFileSync(`${join(dir, name)}.gz`, gzipSync(file.type === "chunk" ? file.code : file.source));
      }
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [styleByProperty(), compress()],
  worker: { format: "es" },
  build: {
    outDir: "../static/viewer",
    emptyOutDir: true,
    manifest: "manifest.json",
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 4000,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ["src/main.ts", "src/campaign/main.ts"] },
  },
});
