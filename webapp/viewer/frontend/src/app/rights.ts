// What the one who looks may do, as the page says it.

/** Who may not mark (an auditor) has no tools for it. */
export const mayMark = document.getElementById("viewer")?.dataset.mayMark !== "no";
