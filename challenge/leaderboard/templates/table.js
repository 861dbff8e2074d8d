"use strict";
// Tables are whole without this script; it sorts by a column's button and hides rows that lack a text.
for (const table of document.querySelectorAll("table[data-sortable]")) {
  const body = table.tBodies[0];
  const order = [...body.rows];
  table.querySelectorAll("thead th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      table.querySelectorAll("[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const value = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent;
      const figures = order.some((row) => row.cells[column].dataset.key !== undefined);
      const compare = (a, b) => {
        const [x, y] = [value(a), value(b)];
        if (!figures) return (up ? 1 : -1) * x.localeCompare(y);
        if (x === "" || y === "") return (x === "") - (y === ""); // not available: last, either way
        return (up ? 1 : -1) * (x - y);
      };
      body.append(...[...body.rows].sort(compare));
    });
  });
  const input = document.querySelector(`input[data-filters="${table.id}"]`);
  if (!input) continue;
  const status = document.getElementById(`${table.id}-count`);
  input.closest(".filter").hidden = false;
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of order) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
    status.textContent = `${order.filter((row) => !row.hidden).length} of ${order.length} rows`;
  });
}
