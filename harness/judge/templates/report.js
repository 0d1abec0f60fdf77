"use strict";
(() => {
  const form = document.getElementById("filter");
  const text = document.getElementById("text");
  const area = document.getElementById("area");
  const found = document.getElementById("found");
  const unfold = document.getElementById("unfold");
  const toggles = [...form.querySelectorAll("[data-verdict]")];
  const items = [...document.querySelectorAll(".item")].map((node) => ({
    node,
    text: node.textContent.toLowerCase(),
    verdict: node.dataset.verdict,
    areas: node.dataset.areas.split(" "),
    requirement: node.classList.contains("requirement"),
  }));
  const areas = [...document.querySelectorAll(".area")];

  const apply = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = toggles.filter((button) => button.getAttribute("aria-pressed") === "true").map((button) => button.dataset.verdict);
    let requirements = 0;
    for (const item of items) {
      const shown =
        (verdicts.length === 0 || verdicts.includes(item.verdict)) &&
        (area.value === "" || item.areas.includes(area.value)) &&
        words.every((word) => item.text.includes(word));
      item.node.hidden = !shown;
      requirements += shown && item.requirement ? 1 : 0;
    }
    for (const part of areas) {
      part.hidden = part.querySelector(".item:not([hidden])") === null;
    }
    const all = items.filter((item) => item.requirement).length;
    found.value = requirements === all ? `All ${all} requirements` : `${requirements} of ${all} requirements`;
  };

  const clear = () => {
    text.value = "";
    area.value = "";
    toggles.forEach((button) => button.setAttribute("aria-pressed", "false"));
    apply();
  };

  // A link leads to a folded or filtered place: unfold it.
  const follow = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) clear();
    for (let node = target; node; node = node.parentElement) {
      if (node instanceof HTMLDetailsElement) node.open = true;
    }
    target.scrollIntoView();
  };

  const copy = async (button, block) => {
    const line = block.firstChild.data;
    try {
      await navigator.clipboard.writeText(line);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(block);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  };

  for (const block of document.querySelectorAll("pre.copy")) {
    const frame = document.createElement("div");
    frame.className = "frame";
    block.replaceWith(frame);
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", () => copy(button, block));
    frame.append(block, button);
  }

  unfold.addEventListener("click", () => {
    const open = unfold.textContent === "Unfold all";
    for (const item of items) item.node.open = open && !item.node.hidden;
    unfold.textContent = open ? "Fold all" : "Unfold all";
  });
  toggles.forEach((button) =>
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      apply();
    }),
  );
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    clear();
  });
  text.addEventListener("input", apply);
  area.addEventListener("change", apply);
  addEventListener("hashchange", follow);
  addEventListener("beforeprint", () => items.forEach((item) => (item.node.open = true)));
  form.hidden = false;
  apply();
  if (location.hash) follow();
})();
