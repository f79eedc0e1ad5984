/** A server of `benchmarks/mcp.ts`: `fixture`, or `gateway URL` with the fixture behind it. Prints its address. */
import {
  Guard,
  Hub,
  HubQuestions,
  nobodyToAsk,
  type Served,
  servedHub,
  ZekeMcpServer,
} from '@zeke/mcp';

const [kind, url = ''] = process.argv.slice(2);
const server = new ZekeMcpServer({
  served: kind === 'gateway' ? gateway(url) : fixture(),
  info: { name: `benchmark-${kind}`, version: '1' },
  onerror: (error) => process.stderr.write(`${error.message}\n`),
});
const http = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request) => server.handle(request, () => ({ id: 'local' })),
});
process.stdout.write(`http://127.0.0.1:${http.port}/mcp\n`);

function fixture(): Served {
  return {
    tools: {
      list: () => [
        {
          name: 'echo',
          description: 'Says it again',
          inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
        },
      ],
      call: async ({ arguments: { text } }) => ({ content: [{ type: 'text', text: `${text}` }] }),
    },
  };
}

/** As the daemon has it: every call is judged, its result looked at, and a record made of it. */
function gateway(fixtureUrl: string): Served {
  const questions = new HubQuestions();
  const guard = new Guard({
    policy: {
      rules: Array.from({ length: 20 }, (_, index) => ({
        name: `rule-${index}`,
        effect: 'deny',
        direction: 'both',
        consentFor: 'call',
        tools: [`other-${index}__*`],
        arguments: [{ path: '$.path', value: { type: 'pattern', text: 'secret|password' } }],
      })),
      otherwise: 'allow',
      consentTimeoutMs: 1_000,
      maxResultBytes: 1_000_000,
      pinTools: true,
      audit: 'all',
    },
    consents: nobodyToAsk,
    record: async () => {},
  });
  const hub = new Hub({
    servers: [
      {
        source: 'config',
        config: {
          name: 'fixture',
          transport: 'http',
          url: fixtureUrl,
          headers: {},
          oauth: { grant: 'authorization_code' },
          enabled: true,
          protocol: 'stateless',
          timeoutMs: 10_000,
          connectTimeoutMs: 10_000,
          maxResultBytes: 1_000_000,
          denyTools: [],
          trust: false,
        },
      },
    ],
    version: '1',
    home: process.cwd(),
    environment: {},
    secrets: {
      get: async () => undefined,
      set: async () => ({}) as never,
      delete: async () => false,
    },
    guard,
    questions: questions.questions,
    idleTimeoutMs: 0,
  });
  return servedHub(hub, questions);
}
