// The linter of the viewer: TypeScript's rules with type information, the size of a module, and which folder may import
// which. What holds here is explained in docs/decisions/0043-viewer-composition.md.

import { createNodeResolver, importX } from "eslint-plugin-import-x";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** The folders of src/ from the top to the bottom: each imports only from those below it. */
const LAYERS = ["app", "campaign", "panels", "commands", "overlays", "segmentation", "annotations", "controller", "mpr", "viewport", "tools", "hanging", "cornerstone", "api", "dicom", "common"];

/** For each folder: what stands above it, which it must not import. */
const zones = LAYERS.map((layer, index) => ({
  target: `./src/${layer}`,
  from: ["./src/main.ts", ...LAYERS.slice(0, index).map((above) => `./src/${above}`)],
  message: `src/${layer} stands below: emit an event, or take it as an argument in app/app.ts.`,
}));

export default defineConfig(
  { ignores: ["node_modules/"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { "import-x": importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: {
      "import-x/extensions": [".ts"],
      "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
      "import-x/resolver-next": [createNodeResolver({ extensions: [".ts"] })],
    },
    rules: {
      // A failure that is reported by whoever awaits the same promise is dropped with catch(() => {}).
      "@typescript-eslint/no-empty-function": ["error", { allow: ["arrowFunctions"] }],
      "@typescript-eslint/no-floating-promises": ["error", { allowForKnownSafeCalls: [{ from: "package", package: "node:test", name: "test" }] }],
      // `!` is banned by another rule: `as` says which type is meant, and can be searched for.
      "@typescript-eslint/non-nullable-type-assertion-style": "off",
      "import-x/no-cycle": ["error", { ignoreExternal: true }],
      "import-x/no-duplicates": "error",
      "import-x/no-mutable-exports": "error",
      "import-x/no-restricted-paths": ["error", { zones }],
      "import-x/no-self-import": "error",
      "import-x/no-unresolved": ["error", { ignore: ["\\.svg$"] }],
      "max-lines": ["error", 400],
      "max-lines-per-function": ["error", 60],
    },
  },
);
