// A follow-up over its prior: which slice is shown, and whether as colours or as a checkerboard.

function shown(laid) {
  const slider = laid.querySelector("[data-laid=slice]");
  const isBoard = laid.querySelector("[data-laid=board]").getAttribute("aria-pressed") === "true";
  laid.querySelectorAll("img").forEach((picture, index) => {
    picture.hidden = index !== Number(slider.value) - 1;
    if (picture.hidden) return;
    picture.src = isBoard ? picture.dataset.checkerboard : picture.dataset.fused;
    laid.querySelector("output").textContent = picture.dataset.slice;
    slider.setAttribute("aria-valuetext", `Slice ${picture.dataset.slice}`);
  });
}

document.addEventListener("input", ({ target }) => {
  if (target.dataset.laid === "slice") shown(target.closest(".registration-overlay"));
});

document.addEventListener("click", ({ target }) => {
  if (target.dataset.laid !== "board") return;
  target.setAttribute("aria-pressed", String(target.getAttribute("aria-pressed") !== "true"));
  shown(target.closest(".registration-overlay"));
});
