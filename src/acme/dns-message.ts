// DNS messages (RFC 1035 4) as far as dynamic updates need them: written without compression, read with it, never past their end.

/** Types of records and classes by number. */
export const dnsTypes = Object.freeze({ SOA: 6, TXT: 16, TSIG: 250, ANY: 255 });
export const dnsClasses = Object.freeze({ IN: 1, NONE: 254, ANY: 255 });

/** One question; in an update, the zone. */
export interface DnsQuestion {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** One record. `data` is as it travels; names within it may be compressed against the whole message. */
export interface DnsRecord extends DnsQuestion {
  readonly ttl: number;
  readonly data: Uint8Array;
}

/** A message. The four sections have other names in an update (RFC 2136 2), and the same form. */
export interface DnsMessage {
  readonly id: number;
  /** All bits of the second word: QR, opcode, AA, TC, RD, RA, RCODE. */
  readonly flags: number;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

const headerBytes = 12;
const maxNameBytes = 255;
const maxLabelBytes = 63;
/** Most records of a message that is read. */
const maxRecords = 500;

/** A message as it travels. Names have ASCII labels parted by dots, with or without the last one. */
export function writeMessage(message: DnsMessage): Buffer {
  const { id, flags, questions, answers, authorities, additionals } = message;
  const header = Buffer.alloc(headerBytes);
  const words = [id, flags, questions.length, answers.length, authorities.length, additionals.length];
  for (const [index, word] of words.entries()) header.writeUInt16BE(word, index * 2);
  const records = [...answers, ...authorities, ...additionals].map(writeRecord);
  return Buffer.concat([header, ...questions.map(writeQuestion), ...records]);
}

/** A name as it travels, without compression; throws for what is none. */
export function writeName(name: string): Buffer {
  const labels = name === '' || name === '.' ? [] : (name.endsWith('.') ? name.slice(0, -1) : name).split('.');
  const parts = labels.map((label) => {
    const bytes = Buffer.from(label, 'latin1');
    if (bytes.length === 0 || bytes.length > maxLabelBytes) throw new Error(`"${name.slice(0, 300)}" is no DNS name`);
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  });
  const whole = Buffer.concat([...parts, Buffer.alloc(1)]);
  if (whole.length > maxNameBytes) throw new Error(`"${name.slice(0, 300)}" is longer than a DNS name`);
  return whole;
}

/** The data of a TXT record with one text of at most 255 bytes. */
export function textData(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Reads a message; null where the bytes are none. What stands behind its last record is not looked at. */
export function readMessage(bytes: Buffer): DnsMessage | null {
  if (bytes.length < headerBytes) return null;
  const word = (index: number): number => bytes.readUInt16BE(index * 2);
  const [questionCount, answerCount, authorityCount, additionalCount] = [word(2), word(3), word(4), word(5)];
  if (questionCount + answerCount + authorityCount + additionalCount > maxRecords) return null;
  const reader = new Reader(bytes);
  const questions = reader.many(questionCount, () => reader.question());
  const answers = reader.many(answerCount, () => reader.record());
  const authorities = reader.many(authorityCount, () => reader.record());
  const additionals = reader.many(additionalCount, () => reader.record());
  if (reader.hasFailed) return null;
  return { id: word(0), flags: word(1), questions, answers, authorities, additionals };
}

function writeQuestion({ name, type, class: itsClass }: DnsQuestion): Buffer {
  const fixed = Buffer.alloc(4);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(itsClass, 2);
  return Buffer.concat([writeName(name), fixed]);
}

function writeRecord(record: DnsRecord): Buffer {
  const fixed = Buffer.alloc(6);
  fixed.writeUInt32BE(record.ttl, 0);
  fixed.writeUInt16BE(record.data.length, 4);
  return Buffer.concat([writeQuestion(record), fixed, record.data]);
}

/** Walks through a message; after the first fault it gives nothing of worth, and says so. */
class Reader {
  hasFailed = false;
  readonly #bytes: Buffer;
  #at = headerBytes;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  many<T>(count: number, read: () => T): T[] {
    const all: T[] = [];
    for (let index = 0; index < count && !this.hasFailed; index++) all.push(read());
    return all;
  }

  question(): DnsQuestion {
    const name = this.#name();
    return { name, type: this.#number(2), class: this.#number(2) };
  }

  record(): DnsRecord {
    const question = this.question();
    const ttl = this.#number(4);
    const length = this.#number(2);
    const from = this.#at;
    if (from + length > this.#bytes.length) this.hasFailed = true;
    this.#at += length;
    return { ...question, ttl, data: this.#bytes.subarray(from, from + length) };
  }

  #number(size: number): number {
    if (this.#at + size > this.#bytes.length) {
      this.hasFailed = true;
      return 0;
    }
    this.#at += size;
    return this.#bytes.readUIntBE(this.#at - size, size);
  }

  /** A name, following pointers backwards alone, so that none leads in a circle. */
  #name(): string {
    const labels: string[] = [];
    let at = this.#at;
    let end = -1;
    let limit = at;
    for (let bytes = 0; ; ) {
      const length = this.#bytes[at];
      if (length === undefined) break;
      if (length === 0) {
        this.#at = end < 0 ? at + 1 : end;
        return labels.join('.');
      }
      if (length >= 0xc0) {
        const target = at + 1 < this.#bytes.length ? this.#bytes.readUInt16BE(at) & 0x3fff : limit;
        if (end < 0) end = at + 2;
        if (target >= limit || target < headerBytes) break;
        limit = target;
        at = target;
        continue;
      }
      bytes += length + 1;
      if (length > maxLabelBytes || bytes >= maxNameBytes || at + 1 + length > this.#bytes.length) break;
      const label = this.#bytes.toString('latin1', at + 1, at + 1 + length);
      // A dot within a label could not be told from one between two.
      if (label.includes('.')) break;
      labels.push(label);
      at += 1 + length;
    }
    this.hasFailed = true;
    return '';
  }
}
