/**
 * Servers that run on Node: `node server-program.ts --kind grpc-js [--certificate FILE --key FILE]`.
 * Prints `listening at URL`.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { serveConnect } from './connect-server.ts';
import { serveGrpcJs } from './grpc-js-server.ts';
import { serveZrpc } from './zrpc-server.ts';

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: '' },
    certificate: { type: 'string' },
    key: { type: 'string' },
    path: { type: 'string', default: '' },
  },
});
const { certificate, key } = values;
const identity =
  certificate === undefined || key === undefined
    ? undefined
    : { certificate: readFileSync(certificate), key: readFileSync(key) };

process.stdout.write(`listening at ${await serve(values.kind)}\n`);

async function serve(kind: string): Promise<string> {
  const [library, way = ''] = kind.split(':');
  if (library === 'zrpc') return await serveZrpc(way, { path: values.path, identity });
  const scheme = identity === undefined ? 'http' : 'https';
  return `${scheme}://localhost:${await portOf(kind)}`;
}

function portOf(kind: string): Promise<number> {
  if (kind === 'grpc-js') return serveGrpcJs(identity);
  if (kind === 'connect-http2') return serveConnect('2', identity);
  if (kind === 'connect-http1') return serveConnect('1.1', identity);
  throw new Error(`there is no server ${JSON.stringify(kind)}`);
}
