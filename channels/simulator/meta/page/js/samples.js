// Things a customer can send with one tap. The files themselves come from the simulator.

export const SAMPLES = [
  ["image", "Photo", { image: { caption: "Is this the one?" } }],
  ["sticker", "Sticker", { sticker: {} }],
  ["document", "Document", { document: { caption: "Signed" } }],
  ["audio", "Voice", { audio: { voice: true } }],
  ["video", "Video", { video: {} }],
  ["location", "Location", { location: { latitude: 32.0853, longitude: 34.7818, name: "Office", address: "1 Sample St, Tel Aviv" } }],
  ["contacts", "Contact", { contacts: [{ name: { formatted_name: "Dana Cohen", first_name: "Dana", last_name: "Cohen" },
    phones: [{ phone: "+972 50 765 4321", wa_id: "972507654321", type: "CELL" }], emails: [{ email: "dana@example.com", type: "WORK" }] }] }],
  ["unsupported", "Poll", { unsupported: { type: "poll" } }],
];
