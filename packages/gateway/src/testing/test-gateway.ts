import {
  createLogger,
  createMetrics,
  noTracer,
  openStorage,
  type ProviderConfig,
  Secret,
  type Storage,
  type Tracer,
} from '@zeke/foundation';
import { HttpClient } from '@zeke/foundation/http-client';
import type { Selectable } from 'kysely';
import { Gateway } from '../gateway.ts';
import type { GatewaySettings } from '../gateway-options.ts';
import { gatewayMigrations } from '../governance/migrations.ts';
import type { GatewayTables, LedgerTable } from '../governance/tables.ts';
import type { Spools } from '../governance/upkeep.ts';
import { createProvider } from '../providers/index.ts';
import type { ProviderDependencies } from '../providers/provider.ts';
import type { Replicas } from '../replicas/replicas.ts';

export interface TestGatewayOptions {
  providers: ProviderConfig[];
  settings?: Partial<GatewaySettings>;
  limits?: Partial<GatewaySettings['limits']>;
  dependencies?: Partial<ProviderDependencies>;
  storage?: Storage<GatewayTables>;
  /** Those that it shares limits, budgets and news with. */
  replicas?: Replicas;
  /** Absent: nothing is traced. */
  tracer?: Tracer;
  /** Absent: what the database does not take waits in memory. */
  spools?: Spools;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** The clock of rate limits and of time limits, in milliseconds. */
  monotonicMs?: () => number;
}

/** A gateway over a database in memory, for tests, with what it logged and wrote. */
export interface TestGateway extends AsyncDisposable {
  gateway: Gateway;
  storage: Storage<GatewayTables>;
  /** Lines of the log, parsed. */
  logged: Record<string, unknown>[];
  /** Sends JSON through the handler, without a socket. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Puts changed settings in force. */
  configure(changes: Partial<GatewaySettings>): void;
  /** All rows of the ledger, after everything under way is written. */
  ledger(): Promise<Selectable<LedgerTable>[]>;
}

/** The settings of a test: generous limits, no authentication. */
function testSettings(options: TestGatewayOptions): GatewaySettings {
  const dependencies: ProviderDependencies = {
    fetch,
    now: Date.now,
    environment: () => undefined,
    readFile: async () => undefined,
    ...options.dependencies,
  };
  return {
    providers: options.providers.map((config) => ({
      provider: createProvider(config, dependencies),
      priority: config.priority,
      ...(config.defaultModel ? { defaultModel: config.defaultModel } : {}),
      ...(config.models ? { models: config.models } : {}),
    })),
    aliases: new Map(),
    auth: { requireAuth: false },
    prices: new Map(),
    privacy: { localOnly: false, localOnlyProjects: new Set(), preferLocalFor: [] },
    retries: 0,
    circuit: { failures: Number.POSITIVE_INFINITY, windowMs: 60_000, openMs: 30_000 },
    ...options.settings,
    limits: {
      maxBodyBytes: 10_000_000,
      firstTokenTimeoutMs: 10_000,
      idleTimeoutMs: 10_000,
      drainOnDisconnect: 'cancel',
      drainLimitMs: 1_000,
      ...options.limits,
    },
  };
}

export async function testGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const storage = options.storage ?? (await openStorage<GatewayTables>('sqlite::memory:'));
  await storage.migrate([gatewayMigrations]);
  const settings = testSettings(options);
  const logged: Record<string, unknown>[] = [];
  const http = new HttpClient({ fetch, environment: {} });
  const gateway = new Gateway({
    settings,
    storage,
    log: createLogger({
      level: 'debug',
      destination: {
        write: (text) => {
          for (const line of text.trim().split('\n')) logged.push(JSON.parse(line));
        },
      },
    }),
    metrics: await createMetrics({ processMetrics: false }),
    tracer: options.tracer ?? noTracer,
    fetch,
    http,
    now: options.now ?? Date.now,
    version: '0.0.0-test',
    ledgerFlushIntervalMs: 5,
    spools: options.spools,
    ...(options.monotonicMs ? { monotonicMs: options.monotonicMs } : {}),
    ...(options.replicas ? { replicas: options.replicas } : {}),
  });
  const request = (path: string, init: RequestInit) =>
    gateway.handle(new Request(`http://127.0.0.1${path}`, init));
  return {
    gateway,
    storage,
    logged,
    post: (path, body, headers) =>
      request(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    get: (path, headers) => request(path, headers ? { headers } : {}),
    configure: (changes) => gateway.configure({ ...settings, ...changes }),
    ledger: async () => {
      await gateway.settled();
      return storage.db.selectFrom('gateway_ledger').selectAll().orderBy('id').execute();
    },
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      http[Symbol.dispose]();
      await storage.close();
    },
  };
}

/** An entry of the configuration, with what every entry has. */
export function providerConfig(
  fields: { name: string; type: ProviderConfig['type']; apiKey?: string } & Record<string, unknown>,
): ProviderConfig {
  const { apiKey, ...rest } = fields;
  return {
    headers: {},
    priority: 100,
    ...rest,
    ...(apiKey === undefined ? {} : { apiKey: new Secret(apiKey) }),
  } as ProviderConfig;
}
