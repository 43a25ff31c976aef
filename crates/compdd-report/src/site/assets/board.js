// The leaderboard: sorts, filters and shows the rows of rows.js. The address after # holds the view, so that it can be sent to somebody.
"use strict";
(() => {
  const PAGE = 100;
  const { columns, rows } = window.compdd;
  const at = Object.fromEntries(columns.map((name, place) => [name, place]));

  const percent = (value) => (value === null ? "" : value.toFixed(2));
  const signed = (value) => (value === null ? "" : (value > 0 ? "+" : value < 0 ? "−" : "") + Math.abs(value).toFixed(2));
  const hours = (row) => {
    const value = row[at.hours];
    if (value === null) return "";
    const kind = row[at.device] === "cpu" ? "CPU" : "GPU";
    return `${value < 0.01 ? "<0.01" : value.toFixed(value < 100 ? 2 : 0)} ${kind}`;
  };
  const bytes = (value) => {
    if (value === null) return "";
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let unit = 0;
    while (value >= 1024 && unit + 1 < units.length) { value /= 1024; unit += 1; }
    return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
  };
  const spread = (row) => percent(row[at.mean]) + (row[at.std] === null ? "" : ` ± ${percent(row[at.std])}`);
  const interval = (row) => (row[at.low] === null ? "" : `${percent(row[at.low])} – ${percent(row[at.high])}`);
  const plain = (key) => (row) => (row[at[key]] === null ? "" : String(row[at[key]]));
  const numbers = (key, write) => (row) => write(row[at[key]]);

  // key, heading, words, whether it is a number, whether it is shown at first ("sorted": once rows have no group above them), what it means
  const shown = [
    ["rank", "rank", (row) => row[at.place], true, true, "One more than the number of results of the same group whose interval lies wholly above; = marks a tie"],
    ["method", "method", plain("method"), false, true, ""],
    ["subset", "subset", plain("subset"), false, true, ""],
    ["ipc", "IPC", plain("ipc"), true, true, "Images per class"],
    ["protocol", "protocol", plain("protocol"), false, false, "How the set was scored, with its version"],
    ["network", "network", plain("network"), false, "sorted", "The student that was trained on the set and tested"],
    ["resolution", "px", plain("resolution"), true, false, "Side of the images in pixels"],
    ["mean", "accuracy %", spread, true, true, "Mean and sample standard deviation over students, last epoch, whole test set"],
    ["low", "95 % interval", interval, true, true, "Percentile bootstrap of the mean over students"],
    ["students", "seeds", plain("students"), true, true, "Number of students"],
    ["recovery", "recovery %", numbers("recovery", percent), true, true, "Accuracy over that of the full data set under the same protocol"],
    ["hlr", "HLR", numbers("hlr", signed), true, false, "Hard label recovery: accuracy of the full data minus that of the set with hard labels, points; less is better"],
    ["ior", "IOR", numbers("ior", signed), true, true, "Improvement over random images under the same protocol, points; more is better"],
    ["hours", "hours", hours, true, true, "Wall time of the distillation"],
    ["device", "device", plain("device"), false, false, "What it ran on"],
    ["memory", "peak memory", numbers("memory", bytes), true, false, "Largest memory of the run: the device's, or the process's on a CPU"],
    ["set", "set size", numbers("set", bytes), true, false, "Bytes of the stored set"],
    ["labels", "label size", numbers("labels", bytes), true, false, "Bytes of its labels"],
    ["budget", "budget", plain("budget"), false, "sorted", "Only `paper` can be compared with papers"],
    ["fidelity", "fidelity", plain("fidelity"), false, false, "Which side was taken where paper and released code differ"],
    ["who", "who", plain("who"), false, false, "Who ran it"],
    ["published", "published %", plain("published"), true, false, "What papers print for this cell"],
    ["hash", "record", plain("hash"), false, true, "The first digits of the record's BLAKE3"],
  ];
  const filters = ["division", "budget", "subset", "ipc", "protocol", "network", "method"];
  const group = ["subset", "ipc", "protocol", "network", "resolution", "budget", "division"];

  const find = (id) => document.getElementById(id);
  const [form, head, body, status, more] = ["filters", "board-head", "board-body", "status", "more"].map(find);
  const state = { sort: "", find: "", all: "", limit: PAGE };

  const make = (tag, text, properties) => {
    const element = Object.assign(document.createElement(tag), properties);
    if (text !== undefined) element.textContent = text;
    return element;
  };

  function fillFilters() {
    const known = (key) => {
      const values = [...new Set(rows.map((row) => row[at[key]]))];
      const order = { budget: ["paper", "quick", "smoke"], division: ["closed", "open"] }[key];
      if (order) return order.filter((value) => values.includes(value));
      return values.sort((a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en")));
    };
    for (const key of filters) {
      find(key).append(make("option", "all", { value: "" }), ...known(key).map((value) => make("option", value, { value })));
    }
  }

  function readAddress() {
    const view = new URLSearchParams(location.hash.slice(1));
    for (const key of filters) {
      const wanted = view.get(key) ?? "";
      const select = find(key);
      select.value = wanted;
      if (select.value !== wanted) select.value = "";
    }
    const key = (view.get("sort") ?? "").replace(/^-/, "");
    state.sort = shown.some(([known]) => known === key) ? view.get("sort") : "";
    state.find = find("find").value = view.get("find") ?? "";
    state.all = view.get("columns") === "all" ? "all" : "";
    find("columns").checked = state.all === "all";
    state.limit = PAGE;
  }

  function writeAddress() {
    const view = new URLSearchParams();
    for (const key of filters) if (find(key).value) view.set(key, find(key).value);
    if (state.find) view.set("find", state.find);
    if (state.sort) view.set("sort", state.sort);
    if (state.all) view.set("columns", state.all);
    const address = `#${view}`;
    if (address !== (location.hash || "#")) history.replaceState(null, "", address);
  }

  function wanted() {
    const exact = filters.filter((key) => find(key).value).map((key) => [at[key], find(key).value]);
    const words = state.find.toLowerCase().split(/\s+/).filter(Boolean);
    const texts = ["method", "subset", "network", "protocol", "who", "record", "hash"].map((key) => at[key]);
    return rows.filter((row) => {
      if (!exact.every(([place, value]) => String(row[place]) === value)) return false;
      if (words.length === 0) return true;
      const text = texts.map((place) => row[place] ?? "").join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }

  function sorted(list) {
    if (!state.sort) return list;
    const down = state.sort.startsWith("-");
    const place = at[state.sort.replace(/^-/, "")];
    const compare = (a, b) => (typeof a === "number" ? a - b : String(a).localeCompare(String(b), "en"));
    return list.slice().sort((a, b) => {
      const [x, y] = [a[place], b[place]];
      if (x === null || y === null) return (x === null) - (y === null); // what is unknown comes last either way
      return down ? compare(y, x) : compare(x, y);
    });
  }

  function drawHead(visible) {
    const cell = ([key, heading, , number, , meaning]) => {
      const th = make("th", undefined, { scope: "col", title: meaning });
      if (number) th.className = "n";
      const button = make("button", heading, { type: "button" });
      button.addEventListener("click", () => {
        const first = number && key !== "rank" ? `-${key}` : key;
        const second = first === key ? `-${key}` : key;
        state.sort = state.sort === first ? second : state.sort === second ? "" : first;
        draw();
        head.querySelector(`[data-key="${key}"] button`).focus();
      });
      th.dataset.key = key;
      const current = state.sort.replace(/^-/, "") === key;
      if (current) th.setAttribute("aria-sort", state.sort.startsWith("-") ? "descending" : "ascending");
      th.append(button);
      return th;
    };
    const row = make("tr");
    row.append(...visible.map(cell));
    head.replaceChildren(row);
  }

  function line(row, visible) {
    const tr = make("tr");
    for (const [key, , words, number] of visible) {
      const cell = make(key === "method" ? "th" : "td");
      if (key === "method") cell.scope = "row";
      if (number) cell.className = "n";
      const text = words(row);
      if (key === "method") cell.append(make("a", text, { href: `methods/${row[at.method]}.html` }));
      else if (key === "hash") cell.append(make("a", text, { href: `records/${row[at.subset]}/${row[at.record]}.html`, className: "hash", title: row[at.record] }));
      else cell.textContent = text;
      tr.append(cell);
    }
    return tr;
  }

  function groupLine(row, width) {
    const value = (key) => row[at[key]];
    const ipc = value("ipc") === 0 ? "full data" : `IPC ${value("ipc")}`;
    const words = [value("subset"), ipc, value("protocol"), value("network"), `${value("resolution")} px`, `${value("budget")} budget`, `${value("division")} division`];
    const tr = make("tr", undefined, { className: "group" });
    tr.append(make("th", words.join(" · "), { scope: "rowgroup", colSpan: width }));
    return tr;
  }

  function draw() {
    const visible = shown.filter(([, , , , first]) => state.all || first === true || (first && state.sort));
    const list = sorted(wanted());
    const lines = [];
    let last = "";
    for (const row of list.slice(0, state.limit)) {
      const own = group.map((key) => row[at[key]]).join("|");
      if (!state.sort && own !== last) lines.push(groupLine(row, visible.length));
      last = own;
      lines.push(line(row, visible));
    }
    drawHead(visible);
    body.replaceChildren(...lines);
    const first = Math.min(state.limit, list.length);
    status.textContent = `${list.length} of ${rows.length} results` + (first < list.length ? `, the first ${first} shown` : "");
    more.hidden = first >= list.length;
    writeAddress();
  }

  form.addEventListener("input", () => {
    state.find = find("find").value;
    state.all = find("columns").checked ? "all" : "";
    state.limit = PAGE;
    draw();
  });
  form.addEventListener("reset", () => setTimeout(() => { state.find = state.all = state.sort = ""; state.limit = PAGE; draw(); }));
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => { state.limit += PAGE; draw(); });
  window.addEventListener("hashchange", () => { readAddress(); draw(); });

  fillFilters();
  readAddress();
  draw();
  performance.mark("board");
})();
