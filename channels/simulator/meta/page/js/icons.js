// Icons of the page as strokes, so that they do not depend on an emoji font.

import { svg } from "./dom.js";

const PATHS = {
  image: ["M4 5h16v14H4z", "M4 16l5-5 4 4 3-3 4 4", "M15.5 9.2h.01"],
  sticker: ["M20 12a8 8 0 1 0-8 8c2 0 8-6 8-8z", "M12 20c0-5 3-8 8-8", "M9 10h.01", "M13.5 9h.01"],
  document: ["M6 3h8l4 4v14H6z", "M14 3v4h4", "M9 12h6", "M9 16h6"],
  audio: ["M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3z", "M6 11a6 6 0 0 0 12 0", "M12 17v4"],
  video: ["M3 7h12v10H3z", "M15 11l6-3v8l-6-3"],
  location: ["M12 21c5-6 7-8.5 7-12a7 7 0 0 0-14 0c0 3.5 2 6 7 12z", "M12 11.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z"],
  contacts: ["M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4.5 20.5c1-4.5 4-6 7.5-6s6.5 1.5 7.5 6"],
  unsupported: ["M5 20v-8", "M12 20V5", "M19 20v-5"],
  file: ["M19 11l-7.5 7.5a4.5 4.5 0 0 1-6.5-6.5L13 4.5a3 3 0 0 1 4.5 4.5L9.5 17a1.5 1.5 0 0 1-2-2L14 8.5"],
  link: ["M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1", "M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1"],
  blocked: ["M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16z", "M6.5 6.5l11 11"],
  list: ["M5 7h14", "M5 12h14", "M5 17h14"],
  send: ["M4 12l16-8-6 16-3-6.5z", "M11 13.5L20 4"],
  plus: ["M12 5v14", "M5 12h14"],
};

export function icon(name) {
  const node = svg(PATHS[name] || PATHS.file, "0 0 24 24");
  node.setAttribute("class", "icon");
  return node;
}
