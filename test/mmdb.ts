// Writes databases in MaxMind's format, as large as a test needs.

/** A value in MaxMind DB's data format: maps, texts and numbers (MaxMind DB specification 2.0). */
function encode(value: unknown): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([Buffer.from([0x40 | Buffer.byteLength(value)]), Buffer.from(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([Buffer.from([0xc4]), bytes]);
  }
  const entries = Object.entries(value as object);
  return Buffer.concat([Buffer.from([0xe0 | entries.length]), ...entries.flatMap(([k, v]) => [encode(k), encode(v)])]);
}

/** A database of IPv4 networks of 8 bits: one path through the tree for each, records of 24 bits. */
export function mmdb(type: string, networks: Readonly<Record<number, unknown>>): Buffer {
  const nodes: [number, number][] = [[0, 0]];
  const ends: { node: number; side: 0 | 1; at: number }[] = [];
  const pieces: Buffer[] = [];
  let offset = 0;
  for (const [first, value] of Object.entries(networks)) {
    let node = 0;
    for (let bit = 7; bit >= 0; bit--) {
      const side = ((Number(first) >> bit) & 1) as 0 | 1;
      if (bit === 0) ends.push({ node, side, at: offset });
      else {
        if (nodes[node]![side] === 0) nodes[node]![side] = nodes.push([0, 0]) - 1;
        node = nodes[node]![side];
      }
    }
    const piece = encode(value);
    pieces.push(piece);
    offset += piece.length;
  }
  const count = nodes.length;
  const records = nodes.map((pair) => pair.map((target) => (target === 0 ? count : target)));
  for (const { node, side, at } of ends) records[node]![side] = count + 16 + at;
  const tree = Buffer.alloc(count * 6);
  for (const [index, [left, right]] of records.entries()) {
    tree.writeUIntBE(left!, index * 6, 3);
    tree.writeUIntBE(right!, index * 6 + 3, 3);
  }
  const metadata = encode({
    node_count: count,
    record_size: 24,
    ip_version: 4,
    database_type: type,
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
  });
  const marker = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex');
  return Buffer.concat([tree, Buffer.alloc(16), ...pieces, marker, metadata]);
}
