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
  ["order", "Order", { order: { catalog_id: "551200330044", text: "gift wrap please",
    product_items: [{ product_retailer_id: "SKU-118", quantity: 2, item_price: 49.9, currency: "ILS" }] } }],
  ["ad", "From an ad", { type: "text", text: { body: "I saw your ad" }, referral: { source_url: "https://fb.me/xyz12",
    source_id: "120299887766550", source_type: "ad", headline: "Autumn sale", body: "20% off", media_type: "image",
    image_url: "https://scontent.example/a.jpg", ctwa_clid: "ARAkLkA8rm" } }],
  ["forwarded", "Forwarded", { type: "text", text: { body: "Look at this" }, context: { frequently_forwarded: true } }],
  ["request_welcome", "Welcome", {}],
  ["identity", "New security code", { type: "system", system: { type: "customer_identity_changed" },
    identity: { acknowledged: true, created_timestamp: "1791200000", hash: "Qm9ndXM=" } }],
  ["unsupported", "Poll", { unsupported: { type: "poll" } }],
];
