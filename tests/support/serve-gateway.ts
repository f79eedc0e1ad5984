import {
  createLogger,
  createMetrics,
  noTracer,
  openStorage,
  type ProviderConfig,
  type Secret,
} from '@zeke/foundation';
import { HttpClient, type HttpSender } from '@zeke/foundation/http-client';
import {
  createProvider,
  Gateway,
  type GatewaySettings,
  type GatewayTables,
  gatewayMigrations,
} from '@zeke/gateway';

/** What a test may say about its gateway. */
export interface ServeGatewayOptions {
  providers: readonly ProviderConfig[];
  /** What the gateway finds in its environment; nothing when absent. */
  environment?: Record<string, string>;
  aliases?: GatewaySettings['aliases'];
  limits?: Partial<GatewaySettings['limits']>;
  /** The operator's key; there is none when absent. */
  adminKey?: Secret;
  /** Stands between the gateway and the client that asks models. */
  watch?: (http: HttpSender) => HttpSender;
}

/** A gateway on a socket of loopback, which asks for a key; its database is in memory. */
export interface ServedGateway extends AsyncDisposable {
  gateway: Gateway;
  /** `http://127.0.0.1:PORT`, no trailing slash. */
  url: string;
  /** A key that may call models. */
  apiKey: string;
  /** What it was asked and how that began to be answered, in order: `GET /v1/models`, 200. */
  answers: { request: string; status: number }[];
  /** Lines of the log, parsed. */
  logged: Record<string, unknown>[];
  /** All rows of the ledger, the oldest first, after everything under way is written. */
  ledger(): Promise<LedgerRow[]>;
}

/** One attempt at one provider, as it stands on the ledger. */
export type LedgerRow = Awaited<ReturnType<typeof readLedger>>[number];

/** Puts a whole gateway together from its public parts and listens. */
export async function serveGateway(options: ServeGatewayOptions): Promise<ServedGateway> {
  const storage = await openStorage<GatewayTables>('sqlite::memory:');
  await storage.migrate([gatewayMigrations]);
  const logged: Record<string, unknown>[] = [];
  const answers: ServedGateway['answers'] = [];
  const write = (text: string) => {
    for (const line of text.trim().split('\n')) logged.push(JSON.parse(line));
  };
  const http = new HttpClient({ fetch, environment: {} });
  const gateway = new Gateway({
    settings: settingsOf(options),
    storage,
    log: createLogger({ level: 'debug', destination: { write } }),
    metrics: await createMetrics({ processMetrics: false }),
    tracer: noTracer,
    fetch,
    http: options.watch?.(http) ?? http,
    now: Date.now,
    version: '0.0.0-test',
    ledgerFlushIntervalMs: 5,
  });
  const { secret } = await gateway.keys.create({ name: 'test', owner: 'tester' });
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    fetch: async (request) => {
      const response = await gateway.handle(request);
      const { pathname } = new URL(request.url);
      answers.push({ request: `${request.method} ${pathname}`, status: response.status });
      return response;
    },
  });
  return {
    gateway,
    url: `http://127.0.0.1:${server.port}`,
    apiKey: secret,
    answers,
    logged,
    ledger: async () => {
      await gateway.settled();
      return readLedger(storage);
    },
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await gateway[Symbol.asyncDispose]();
      http[Symbol.dispose]();
      await storage.close();
    },
  };
}

function readLedger(storage: Awaited<ReturnType<typeof openStorage<GatewayTables>>>) {
  return storage.db.selectFrom('gateway_ledger').selectAll().orderBy('id').execute();
}

function settingsOf(options: ServeGatewayOptions): GatewaySettings {
  const dependencies = {
    fetch,
    now: Date.now,
    environment: (name: string) => options.environment?.[name],
    readFile: async () => undefined,
  };
  return {
    providers: options.providers.map((config) => ({
      provider: createProvider(config, dependencies),
      priority: config.priority,
    })),
    aliases: options.aliases ?? new Map(),
    auth: { requireAuth: true, ...(options.adminKey ? { adminApiKey: options.adminKey } : {}) },
    prices: new Map(),
    privacy: { localOnly: false, localOnlyProjects: new Set(), preferLocalFor: [] },
    retries: 0,
    circuit: { failures: Number.POSITIVE_INFINITY, windowMs: 60_000, openMs: 30_000 },
    limits: {
      maxBodyBytes: 10_000_000,
      firstTokenTimeoutMs: 20_000,
      idleTimeoutMs: 20_000,
      drainOnDisconnect: 'cancel',
      drainLimitMs: 1_000,
      ...options.limits,
    },
  };
}
