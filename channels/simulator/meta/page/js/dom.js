// Building elements without ever parsing text as HTML.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && typeof value === "boolean") node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(paths, box) {
  const node = document.createElementNS(SVG, "svg");
  node.setAttribute("viewBox", box);
  node.setAttribute("aria-hidden", "true");
  for (const d of paths) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    node.append(path);
  }
  return node;
}

const MARKS = /(```[^`]+```|\*[^*\s](?:[^*\n]*[^*\s])?\*|_[^_\s](?:[^_\n]*[^_\s])?_|~[^~\n]+~|https?:\/\/[^\s<>"]+)/;
const TAGS = { "*": "b", _: "i", "~": "s" };

// WhatsApp's own marks (*bold*, _italic_, ~struck~, ```code```) and links, as elements.
export function formatted(text) {
  return String(text).split(MARKS).map((piece, index) => {
    if (index % 2 === 0) return piece;
    if (piece.startsWith("http")) {
      return el("a", { href: piece, target: "_blank", rel: "noopener noreferrer" }, piece);
    }
    if (piece.startsWith("```")) return el("code", {}, piece.slice(3, -3));
    return el(TAGS[piece[0]], {}, piece.slice(1, -1));
  });
}
