"use strict";
(() => {
  const text = document.getElementById("text");
  const outcome = document.getElementById("outcome");
  const found = document.getElementById("found");
  const rows = [...document.querySelectorAll(".deviation")].map((node) => ({ node, text: node.textContent.toLowerCase() }));
  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const fits = (outcome.value === "" || row.node.dataset.outcome === outcome.value) && words.every((word) => row.text.includes(word));
      row.node.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    found.value = `${shown} of ${rows.length} deviations`;
  };
  text.addEventListener("input", apply);
  outcome.addEventListener("change", apply);
  apply();
})();
