import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { fixtureServer } from './fixture-server.ts';

/** A server that does not end with its input, nor when it is told to, with a helper beside it: for tests. */
process.on('SIGTERM', () => {});
process.stdin.on('end', () => {});
const helper = Bun.spawn(['/bin/sh', '-c', 'trap "" TERM; sleep 600'], { stdin: 'ignore' });
process.stderr.write(`group ${process.pid} helper ${helper.pid}\n`);
setInterval(() => {}, 60_000);
await fixtureServer().connect(new StdioServerTransport());
