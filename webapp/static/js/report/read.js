// A signed report: the keys to go on from it.

import { bindKeys } from "../keys.js";
import "./clock.js";

bindKeys({
  S: () => document.getElementById("write")?.click(),
  i: () => document.getElementById("to-images")?.click(),
});
