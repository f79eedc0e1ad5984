import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { fixtureServer } from './fixture-server.ts';

/** The fixture over standard input and output: of both eras, of one, or of one that knows no questions of the other. */
const [, , era] = process.argv;
process.stderr.write(`fixture ${era} begins\n`);
if (era === 'legacy') await fixtureServer().connect(new StdioServerTransport());
else serveStdio(fixtureServer, { legacy: era === 'modern' ? 'reject' : 'serve' });
