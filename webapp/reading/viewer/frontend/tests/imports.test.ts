// No circle among the modules, and the linter notices a breach of the rules that keep it so.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

import { ESLint } from "eslint";
import ts from "typescript";

/** Return what each module imports; also types, which the linter's own rule on cycles leaves out. */
function importGraph(): Map<string, string[]> {
  const modules = ts.sys.readDirectory("src", [".ts"]).map((path) => normalize(path));
  return new Map(modules.map((path) => {
    const imported = ts.preProcessFile(readFileSync(path, "utf8")).importedFiles.map(({ fileName }) => fileName);
    return [path, imported.filter((name) => name.startsWith(".") && name.endsWith(".ts")).map((name) => normalize(join(dirname(path), name)))];
  }));
}

/** Return the modules on a cycle through `from`; empty where there is none. */
function cycleThrough(graph: Map<string, string[]>, from: string): string[] {
  const cameFrom = new Map<string, string>();
  const queue = [from];
  for (const path of queue) {
    for (const next of graph.get(path) ?? []) {
      if (next === from) {
        const cycle = [path];
        for (let at = path; at !== from; cycle.unshift(at)) at = cameFrom.get(at) ?? from;
        return cycle;
      }
      if (!cameFrom.has(next)) queue.push(next);
      cameFrom.set(next, cameFrom.get(next) ?? path);
    }
  }
  return [];
}

test("no module imports itself through others, types included", () => {
  const graph = importGraph();
  assert.ok(graph.size > 50, "the modules are found");
  assert.deepEqual([...graph.keys()].map((path) => cycleThrough(graph, path)).filter(({ length }) => length), []);
  graph.get("src/controller/Cine.ts")?.push("src/controller/ViewerController.ts");
  assert.deepEqual(cycleThrough(graph, "src/controller/Cine.ts"), ["src/controller/Cine.ts", "src/controller/ViewerController.ts"]);
});

/** The rules on imports alone, which need no type information. */
const linter = new ESLint({ ruleFilter: ({ ruleId }) => ruleId.startsWith("import-x/"), overrideConfig: { languageOptions: { parserOptions: { projectService: false } } } });

/** Return the rules on imports that a module breaks once it also has this import. */
async function rulesBroken(path: string, line: string): Promise<string[]> {
  const [result] = await linter.lintText(`${line}\n${readFileSync(path, "utf8")}`, { filePath: path });
  return [...new Set(result?.messages.map(({ ruleId }) => ruleId ?? "") ?? [])].sort();
}

test("a cycle, and an import from a folder above, are noticed", async () => {
  assert.deepEqual(await rulesBroken("src/controller/ViewerController.ts", ""), []);
  assert.deepEqual(await rulesBroken("src/controller/ViewerController.ts", 'import "../app/app.ts";'), ["import-x/no-cycle", "import-x/no-restricted-paths"]);
  assert.deepEqual(await rulesBroken("src/viewport/Viewport.ts", 'import type {} from "../controller/Visibility.ts";'), ["import-x/no-restricted-paths"]);
});
