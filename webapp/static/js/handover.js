// A hand-over is accepted by a key.

import { bindKeys } from "./keys.js";

bindKeys({ a: () => document.getElementById("accept")?.click() });
