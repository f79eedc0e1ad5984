/**
 * Servers that run on Node: `node server-program.ts --kind grpc-js [--certificate FILE --key FILE]`.
 * Prints `listening on PORT`.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { serveConnect } from './connect-server.ts';
import { serveGrpcJs } from './grpc-js-server.ts';

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: '' },
    certificate: { type: 'string' },
    key: { type: 'string' },
  },
});
const { certificate, key } = values;
const identity =
  certificate === undefined || key === undefined
    ? undefined
    : { certificate: readFileSync(certificate), key: readFileSync(key) };

const port = await serve(values.kind);
process.stdout.write(`listening on ${port}\n`);

function serve(kind: string): Promise<number> {
  if (kind === 'grpc-js') return serveGrpcJs(identity);
  if (kind === 'connect-http2') return serveConnect('2', identity);
  if (kind === 'connect-http1') return serveConnect('1.1', identity);
  throw new Error(`there is no server ${JSON.stringify(kind)}`);
}
