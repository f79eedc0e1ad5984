import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { FrameParser } from '../frame-parser.ts';

/**
 * A language server that behaves as its arguments say, for tests of what must be contained. `hover`
 * tells its process id. `method=json` is what a method is answered.
 */
const behaviors = process.argv.slice(2);
const is = (behavior: string) => behaviors.includes(behavior);

function send(message: object, length?: number): void {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message });
  if (is('garbage')) process.stdout.write(`a line that is no message ${process.pid}\r\n\r\n`);
  process.stdout.write(`Content-Length: ${length ?? Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function log(text: string): void {
  send({ method: 'window/logMessage', params: { type: 3, message: text } });
}

interface Request {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly id?: unknown; readonly textDocument?: { readonly uri: string } };
}

const answers: Readonly<Record<string, (request: Request) => void>> = {
  initialize,
  initialized: () => {
    if (is('registers-again')) registerAgain('textDocument/diagnostic');
    if (is('says-ready'))
      send({ method: 'experimental/serverStatus', params: { quiescent: true } });
  },
  'textDocument/hover': hover,
  '$/cancelRequest': ({ params }) => log(`canceled ${params?.id}`),
  shutdown: ({ id }) => {
    if (!is('stubborn')) send({ id, result: null });
  },
  exit: () => {
    if (!is('stubborn')) process.exit(0);
  },
};

function answer(request: Request): void {
  const { id, method = '' } = request;
  const given = behaviors.find((behavior) => behavior.startsWith(`${method}=`));
  const known = answers[method];
  if (given !== undefined) send({ id, result: JSON.parse(given.slice(method.length + 1)) });
  else if (known !== undefined) known(request);
  else if (id !== undefined) send({ id, error: { code: -32601, message: 'no' } });
}

function initialize({ id }: Request): void {
  if (is('hangs-at-start')) return;
  if (is('floods')) {
    const noise = Buffer.alloc(65_536, 'x');
    for (let count = 0; count < 64; count++) process.stdout.write(noise);
    return;
  }
  if (is('huge-length')) {
    process.stdout.write('Content-Length: 99999999999\r\n\r\n{');
    return;
  }
  if (is('lies')) {
    send({ method: 'window/logMessage', params: { type: 3, message: 'too short' } }, 20);
    send({ method: 'window/logMessage', params: { type: 3, message: 'too long' } }, 95);
    log('swallowed');
  }
  const can = { hoverProvider: true, definitionProvider: true, renameProvider: true };
  send({ id, result: { capabilities: { ...can, textDocumentSync: 1 } } });
}

/** As pyright does: a new registration, and then the old one is taken back. */
function registerAgain(method: string): void {
  for (const id of ['old', 'new']) {
    const registrations = [{ id, method }];
    send({ id: `register-${id}`, method: 'client/registerCapability', params: { registrations } });
  }
  // The specification has it misspelled.
  const unregisterations = [{ id: 'old', method }];
  send({ id: 'drop', method: 'client/unregisterCapability', params: { unregisterations } });
}

function hover({ id, params }: Request): void {
  if (is('hangs')) {
    if (is('tells')) log('asked');
    return;
  }
  const marker = behaviors[1];
  if (is('crashes-always')) process.exit(3);
  if (is('crashes-once') && marker !== undefined && !existsSync(marker)) {
    writeFileSync(marker, '');
    process.exit(3);
  }
  send({ id, result: { contents: `${process.pid} ${params?.textDocument?.uri}` } });
}

if (is('stubborn')) {
  process.on('SIGTERM', () => {});
  // Its input may end, and it has a child in its group: neither ends by itself.
  setInterval(() => {}, 1_000_000);
  spawn('/bin/sh', ['-c', 'trap "" TERM; sleep 600'], { stdio: 'ignore' });
}
const parser = new FrameParser((message) => answer(message as Request));
process.stdin.on('data', (chunk: Buffer) => parser.push(chunk));
