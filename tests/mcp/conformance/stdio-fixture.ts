/**
 * The fixture of the conformance suite over standard input and output: a server for others to start. Each call of
 * a tool adds a character to the file that is its argument.
 */
import { appendFileSync } from 'node:fs';
import { serveStandardIo, ZekeMcpServer } from '@zeke/mcp';
import { servedConformance } from './served-conformance.ts';

const server = new ZekeMcpServer({
  served: servedConformance(() => {
    const [path] = process.argv.slice(2);
    if (path !== undefined) appendFileSync(path, '.');
  }),
  info: { name: 'zeke-fixture', version: '1.0.0' },
  onerror: () => undefined,
});
await serveStandardIo(
  server,
  { id: 'stdio' },
  {
    input: Bun.stdin.stream(),
    write: async (text) => {
      await Bun.stdout.write(text);
    },
  },
  new AbortController().signal,
);
process.exit(0);
