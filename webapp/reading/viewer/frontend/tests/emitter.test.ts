// Events reach those who listen, with what is passed.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Emitter } from "../src/common/Emitter.ts";

test("an event reaches its listeners in order, and no others", () => {
  const emitter = new Emitter<{ changed: void; message: string }>();
  const heard: string[] = [];
  emitter.on("message", (sentence) => heard.push(`first ${sentence}`));
  emitter.on("message", (sentence) => heard.push(`second ${sentence}`));
  emitter.on("changed", () => heard.push("changed"));
  emitter.emit("message", "Hello");
  emitter.emit("changed");
  assert.deepEqual(heard, ["first Hello", "second Hello", "changed"]);
});
