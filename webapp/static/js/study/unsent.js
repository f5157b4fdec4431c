// What was said and could not be sent: ids and chosen words, nobody's name.

import { drop, keep, keysUnder, read } from "../kept.js";

const keyOf = (study, finding) => `readroom-review:${document.body.dataset.user ?? ""}:${study}:${finding}`;

export const unsent = {
  /** Keep what was said of a finding; it takes the place of what was kept before. */
  keep(study, said) {
    if (!keep(keyOf(study, said.finding), said)) said.words += " (this browser keeps nothing: leave this page open)";
    return said;
  },

  /** Return all that is kept of a study by whoever is signed in. */
  all: (study) => keysUnder(keyOf(study, "")).map(read).filter(Boolean),

  drop: (study, finding) => drop(keyOf(study, finding)),
};
