// What was said and could not be sent, kept in this browser: ids and chosen words, nobody's name.

const PREFIX = "readroom-verdict:";
const user = () => document.body.dataset.user ?? "";
const keyOf = (study, finding) => `${PREFIX}${user()}:${study}:${finding}`;

export const unsent = {
  /** Keep what was said of a finding; it takes the place of what was kept before. */
  keep(study, said) {
    try {
      localStorage.setItem(keyOf(study, said.finding), JSON.stringify(said));
    } catch {
      said.words += " (this browser keeps nothing: leave this page open)";
    }
    return said;
  },

  /** Return all that is kept of a study by whoever is signed in. */
  all(study) {
    const begins = keyOf(study, "");
    return Object.keys(localStorage).filter((key) => key.startsWith(begins)).map((key) => JSON.parse(localStorage.getItem(key)));
  },

  drop(study, finding) {
    localStorage.removeItem(keyOf(study, finding));
  },
};
