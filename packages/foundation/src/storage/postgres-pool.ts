import { RpcError } from '@zeke/rpc';
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely';
import pg from 'pg';
import { fromPostgresError, spoilsConnection } from './postgres-errors.ts';

export interface PostgresPoolOptions {
  /** `postgres://user:password@host:port/database`, or `?host=/folder` for a Unix socket. */
  readonly url: string;
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
  /** A statement that takes longer has failed, and its connection is given up. */
  readonly statementTimeoutMs: number;
  /** Told of connections that broke while nobody used them; the pool makes others. */
  readonly onIdleError: (error: unknown) => void;
}

/** Named statements live as long as their connection, on both sides; what comes later is unnamed. */
const maxNamedStatements = 500;

/** Types by their number in `pg_type`: int8, numeric, json, jsonb. */
const int8 = 20;
const numeric = 1700;
const json = 114;
const jsonb = 3802;

/**
 * `pg`'s pool in the shape that Kysely asks for, with two differences: every statement is prepared
 * once a connection and run by name, and every error is an RpcError.
 */
export function createPostgresPool(options: PostgresPoolOptions): PostgresPool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections,
    connectionTimeoutMillis: options.connectTimeoutMs,
    application_name: 'zeke',
    types: { getTypeParser },
  });
  pool.on('error', options.onIdleError);
  // The pool listens while a client is idle. One that breaks at work tells its query too, and
  // without a listener it would end the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  const names = new Map<string, string>();
  const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    options: pool.options,
    async connect() {
      const client = await pool.connect().catch((error) => {
        throw fromPostgresError(error);
      });
      const known =
        clients.get(client) ?? preparingClient(client, names, options.statementTimeoutMs);
      clients.set(client, known);
      return known;
    },
    end: () => pool.end(),
  };
}

/** Where a URL leads, without user and password. Throws `invalid_argument` when it is no URL. */
export function postgresAddress(url: string): string {
  try {
    const { host, port, database } = new pg.Client({ connectionString: url });
    return `postgres ${host}:${port}/${database ?? ''}`;
  } catch {
    throw new RpcError(
      'invalid_argument',
      'storage.url is malformed: write postgres://user:password@host:5432/database, with special characters percent-encoded',
    );
  }
}

function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (format !== 'binary') {
    if (oid === int8 || oid === numeric) return Number;
    if (oid === json || oid === jsonb) return String;
  }
  return pg.types.getTypeParser(oid, format as 'text');
}

function preparingClient(
  client: pg.PoolClient,
  names: Map<string, string>,
  timeoutMs: number,
): PostgresPoolClient {
  let spoiled = false;
  let isLate = false;
  async function query(text: string, values: readonly unknown[]): Promise<unknown> {
    // What comes after would wait behind a statement that nobody waits for any more.
    if (isLate) throw fromPostgresError(new Error('the connection was given up'));
    try {
      const name = statementName(text, names);
      const limit = Number.isFinite(timeoutMs) ? { query_timeout: timeoutMs } : {};
      const config = { text, values: values as unknown[], ...limit };
      return await client.query(name === undefined ? config : { ...config, name });
    } catch (error) {
      isLate ||= error instanceof Error && error.message === readTimeout;
      spoiled ||= isLate || spoilsConnection(error);
      throw fromPostgresError(error);
    }
  }
  return {
    query: query as <R>(text: unknown, values?: unknown) => Promise<PostgresQueryResult<R>> & never,
    release: (destroy) => client.release(destroy === true || spoiled),
  };
}

/** What `pg` says of a statement that took too long. */
const readTimeout = 'Query read timeout';

function statementName(text: string, names: Map<string, string>): string | undefined {
  const known = names.get(text);
  if (known !== undefined || names.size >= maxNamedStatements) return known;
  const name = `zeke_${names.size}`;
  names.set(text, name);
  return name;
}
