"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const words = { p: "pass", f: "fail", w: "warn", i: "inconclusive", u: "unreachable", n: "n/a", e: "error", "-": "–" };
  const form = document.getElementById("filter");
  const text = document.getElementById("text");
  const which = document.getElementById("which");
  const found = document.getElementById("found");

  // For each report what it says of its cases: of a case by its place the text by its place.
  const told = (pairs) => {
    const by = new Map();
    for (let n = 0; n < pairs.length; n += 2) by.set(pairs[n], data.texts[pairs[n + 1]]);
    return by;
  };
  const alike = (letters) => letters.every((letter) => letter === letters[0]);
  const trouble = (letters) => letters.some((letter) => "fwieu".includes(letter));

  const rows = [];
  document.querySelectorAll(".grid").forEach((table, g) => {
    const grid = data.grids[g];
    grid.told = grid.said.map(told);
    grid.numbers = [...table.tHead.rows[0].cells].slice(2).map((cell) => cell.textContent);
    [...table.tBodies[0].rows].forEach((node, n) => {
      const cases = grid.requirements[n];
      const letters = [...node.cells].slice(2).map((cell) => cell.className);
      const all = [letters, ...cases.map((c) => grid.verdicts.map((column) => column[c]))];
      rows.push({
        node,
        grid,
        cases,
        id: node.cells[0].id,
        text: [node.textContent, ...cases.map((c) => grid.cases[c])].join(" ").toLowerCase(),
        differs: !all.every(alike),
        trouble: all.some(trouble),
        unfolded: null,
      });
    });
  });

  // What the reports say of a case; those that say the same speak once.
  const sayings = (grid, c) => {
    const by = new Map();
    grid.told.forEach((of, n) => {
      const said = of.get(c);
      if (said !== undefined) by.set(said, [...(by.get(said) ?? []), grid.numbers[n]]);
    });
    return [...by].map(([said, numbers]) => {
      const line = document.createElement("span");
      line.className = "said";
      line.textContent = grid.numbers.length > 1 ? `${numbers.join(", ")}: ${said}` : said;
      return line;
    });
  };

  const anchor = (letter, id, requirement) =>
    "fwieu".includes(letter) ? `case.${id.replace(/[^A-Za-z0-9\-_.]/gu, ".")}` : requirement;

  const caseRow = (row, c) => {
    const { grid } = row;
    const node = document.createElement("tr");
    node.className = "case";
    const name = document.createElement("code");
    name.textContent = grid.cases[c];
    const told = document.createElement("td");
    told.className = "text";
    told.append(name, ...sayings(grid, c));
    node.append(document.createElement("td"), told);
    grid.verdicts.forEach((column, n) => {
      const cell = document.createElement("td");
      const letter = column[c];
      cell.className = letter;
      if (grid.pages[n] !== null && letter !== "-") {
        const link = document.createElement("a");
        link.href = `${grid.pages[n]}#${anchor(letter, grid.cases[c], row.id)}`;
        link.textContent = words[letter];
        cell.append(link);
      } else {
        cell.textContent = words[letter];
      }
      node.append(cell);
    });
    return node;
  };

  const unfold = (row, open) => {
    if (open && row.unfolded === null) {
      row.unfolded = row.cases.map((c) => caseRow(row, c));
      row.node.after(...row.unfolded);
    }
    row.button?.setAttribute("aria-expanded", String(open));
    row.unfolded?.forEach((node) => (node.hidden = !open || row.node.hidden));
  };
  const isOpen = (row) => row.button?.getAttribute("aria-expanded") === "true";

  for (const row of rows) {
    if (row.cases.length === 0) continue;
    row.button = document.createElement("button");
    row.button.type = "button";
    row.button.className = "unfold";
    row.button.textContent = row.id;
    row.button.title = row.cases.length === 1 ? "1 case" : `${row.cases.length} cases`;
    row.button.setAttribute("aria-expanded", "false");
    row.button.addEventListener("click", () => unfold(row, !isOpen(row)));
    row.node.cells[0].replaceChildren(row.button);
  }

  const apply = () => {
    const wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const fits = (which.value === "" || row[which.value]) && wanted.every((word) => row.text.includes(word));
      row.node.hidden = !fits;
      unfold(row, isOpen(row));
      shown += fits ? 1 : 0;
    }
    found.value = shown === rows.length ? `All ${rows.length} requirements` : `${shown} of ${rows.length} requirements`;
  };
  const clear = () => {
    text.value = "";
    which.value = "";
    apply();
  };

  // A link leads to a requirement that may be filtered away.
  const follow = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const row = rows.find((row) => row.id === id);
    if (!row) return;
    if (row.node.hidden) clear();
    unfold(row, true);
    row.node.scrollIntoView();
  };

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    clear();
  });
  text.addEventListener("input", apply);
  which.addEventListener("change", apply);
  addEventListener("hashchange", follow);
  form.hidden = false;
  apply();
  if (location.hash) follow();
})();
