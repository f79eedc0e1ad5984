import { createSocket } from 'node:dgram';

/** What the server answers about one name; undefined: there is no such name. */
interface DnsRecords {
  readonly srv?: readonly {
    readonly name: string;
    readonly port: number;
    readonly priority: number;
    readonly weight: number;
  }[];
  readonly a?: readonly string[];
  readonly ttlSeconds?: number;
}

/** A DNS server on a loopback port that answers what the test has set. */
export interface TestDnsServer extends AsyncDisposable {
  /** `127.0.0.1:port`, for `Resolver.setServers`. */
  readonly address: string;
  readonly names: Map<string, DnsRecords>;
  /** Instead of answers, `SERVFAIL`. */
  fails: boolean;
}

/** Starts it. Messages are those of RFC 1035, as far as a test needs them: one question, A and SRV. */
export async function dnsServer(): Promise<TestDnsServer> {
  const socket = createSocket('udp4');
  const server: TestDnsServer = {
    address: '',
    names: new Map(),
    fails: false,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on('message', (query, from) => {
    socket.send(answerTo(query, server), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return Object.assign(server, { address: `127.0.0.1:${socket.address().port}` });
}

function answerTo(query: Buffer, server: TestDnsServer): Buffer {
  const { name, end } = nameAt(query, 12);
  const type = query.readUInt16BE(end);
  const question = query.subarray(12, end + 4);
  const records = server.names.get(name);
  const answers = records === undefined ? [] : answersOf(records, type);
  const header = Buffer.alloc(12);
  header.writeUInt16BE(query.readUInt16BE(0), 0);
  const code = server.fails ? 2 : records === undefined ? 3 : 0;
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(server.fails ? 0 : answers.length, 6);
  return Buffer.concat([header, question, ...(server.fails ? [] : answers)]);
}

function answersOf(records: DnsRecords, type: number): Buffer[] {
  const ttl = records.ttlSeconds ?? 60;
  if (type === 1) {
    return (records.a ?? []).map((address) =>
      record(1, ttl, Buffer.from(address.split('.').map(Number))),
    );
  }
  if (type !== 33) return [];
  return (records.srv ?? []).map(({ name, port, priority, weight }) => {
    const fixed = Buffer.alloc(6);
    fixed.writeUInt16BE(priority, 0);
    fixed.writeUInt16BE(weight, 2);
    fixed.writeUInt16BE(port, 4);
    return record(33, ttl, Buffer.concat([fixed, encodedName(name)]));
  });
}

/** The name of every record is that of the question, which stands at offset 12. */
function record(type: number, ttl: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function encodedName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  const parts = labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function nameAt(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}
