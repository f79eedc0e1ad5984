import { ZekeMcpServer } from '@zeke/mcp';
import { servedConformance } from './served-conformance.ts';

export interface ServedFixture extends AsyncDisposable {
  /** `http://127.0.0.1:…/mcp`. */
  readonly url: string;
  /** Calls of tools so far. */
  calls(): number;
  /** What the server found worth telling. */
  readonly errors: readonly Error[];
}

/** The server of zeke, with what the conformance suite asks for behind it, on a port of its own. */
export function serveFixture(): ServedFixture {
  const errors: Error[] = [];
  let calls = 0;
  const server = new ZekeMcpServer({
    served: servedConformance(() => {
      calls += 1;
    }),
    info: { name: 'zeke-conformance', version: '1.0.0' },
    onerror: (error) => errors.push(error),
  });
  const http = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch: (request) =>
      new URL(request.url).pathname === '/mcp'
        ? server.handle(request, () => ({ id: 'local' }))
        : new Response('not found\n', { status: 404 }),
  });
  return {
    url: `http://127.0.0.1:${http.port}/mcp`,
    errors,
    calls: () => calls,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await http.stop(true);
    },
  };
}
