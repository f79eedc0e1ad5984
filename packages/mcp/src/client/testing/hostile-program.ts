/** A program that speaks the protocol badly, each in the way it is told: for tests. */
import { createInterface } from 'node:readline';

const [, , how = ''] = process.argv;
const say = (value: unknown) => void process.stdout.write(`${JSON.stringify(value)}\n`);
const answer = (id: unknown, result: unknown) => say({ jsonrpc: '2.0', id, result });

if (how === 'ends at once') {
  process.stderr.write('no such database\n');
  process.exit(7);
}

const tools = [
  { name: 'ok', inputSchema: { type: 'object' } },
  { name: 'ok', description: 'another of the same name', inputSchema: { type: 'object' } },
  { name: 'n'.repeat(300), inputSchema: { type: 'object' } },
  { name: 'long', description: 'd'.repeat(70_000), inputSchema: { type: 'object' } },
  {
    name: 'lies',
    inputSchema: { type: 'object' },
    outputSchema: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
  },
  {
    name: 'explodes',
    inputSchema: { type: 'object', properties: { a: { $ref: '#/$defs/a0' } }, $defs: exploding() },
  },
];

for await (const line of createInterface({ input: process.stdin })) handle(JSON.parse(line));

function handle(message: { id?: unknown; method?: string; params?: { name?: string } }): void {
  const { id, method, params } = message;
  if (method === 'server/discover') {
    if (how === 'ends when asked') process.exit(1);
    say({ jsonrpc: '2.0', id, error: { code: -32_601, message: 'what?' } });
  } else if (method === 'initialize') {
    begin(id);
  } else if (method === 'tools/list') {
    if (how === 'lists for ever')
      answer(id, { tools: tools.slice(0, 1), nextCursor: `${Math.random()}` });
    else answer(id, { tools });
  } else if (method === 'tools/call') call(id, params?.name);
}

function begin(id: unknown): void {
  if (how === 'hangs') return;
  if (how === 'floods') flood();
  if (how === 'chatters') for (let n = 0; n < 20; n += 1) process.stdout.write(`line ${n}\n`);
  if (how === 'says nonsense') nonsense();
  answer(id, {
    protocolVersion: '2025-06-18',
    capabilities: { tools: {} },
    serverInfo: { name: 'hostile', version: '0' },
  });
}

function call(id: unknown, name: string | undefined): void {
  if (how === 'hangs in calls') return;
  if (how === 'breaks off' || how === 'sends a monster') {
    breakOff(id);
    return;
  }
  if (how === 'answers others') {
    const content = [{ type: 'text', text: 'for you' }];
    for (const other of [999, 'x', null, -1]) answer(other, { content });
  }
  if (how === 'asks alone') {
    const params = { message: 'password?', requestedSchema: { type: 'object', properties: {} } };
    say({ jsonrpc: '2.0', id: 'q', method: 'elicitation/create', params });
  }
  if (name === 'lies') answer(id, { content: [], structuredContent: { n: 'one' } });
  else if (how === 'shapes it wrong') answer(id, { content: 'text', structuredContent: 5 });
  else answer(id, { content: [{ type: 'text', text: 'fine' }] });
}

/** Begins an answer, and ends in the middle of it, or never. */
function breakOff(id: unknown): void {
  process.stdout.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":["`);
  if (how === 'breaks off') process.exit(0);
  pour('y'.repeat(65_536));
}

function pour(text: string): void {
  while (process.stdout.write(text));
  process.stdout.once('drain', () => pour(text));
}

function flood(): void {
  const params = { level: 'info', data: 'x' };
  const line = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params });
  pour(`${line}\n`.repeat(1_000));
}

function nonsense(): void {
  for (let n = 0; n < 3_000; n += 1) process.stdout.write('{"not": "a message"\n');
}

/** Each asks for the next twice: written out, or tried, there is no end to it. */
function exploding(): Record<string, unknown> {
  return Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => {
      const next = { $ref: `#/$defs/a${n + 1}` };
      return [`a${n}`, n === 39 ? { type: 'string', pattern: '^(a+)+$' } : { allOf: [next, next] }];
    }),
  );
}
