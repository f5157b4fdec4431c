// The page of a campaign: what comes next, by a key.

import { bindKeys } from "../keys.js";

bindKeys({
  n: () => document.getElementById("next")?.click(),
  d: () => document.getElementById("decide")?.click(),
});
