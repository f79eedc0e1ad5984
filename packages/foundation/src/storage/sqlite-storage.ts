import { Database, type SQLQueryBindings, type Statement } from 'bun:sqlite';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { Kysely, type Transaction } from 'kysely';
import { addingUp } from './adding-up.ts';
import { migrate } from './migrate.ts';
import { BunSqliteDialect, StatementCache } from './sqlite-driver.ts';
import { fromSqliteError } from './sqlite-errors.ts';
import type { ColumnValue, MigrationReport, MigrationSet, Storage } from './storage.ts';

export interface SqliteOptions {
  /** Absolute path, or `:memory:`. */
  readonly path: string;
  /**
   * How long a statement waits for another process's lock. It holds the event loop up, so it is
   * short; what still fails is retryable.
   */
  readonly busyTimeoutMs: number;
}

/** While migrations run nothing else does, so they may wait for another process's run. */
const migrationLockTimeoutMs = 60_000;

/**
 * Opens, or makes, a database file that its owner alone may read. Throws `failed_precondition`
 * when the file cannot be opened or written, `data_loss` when it is damaged, naming the path.
 */
export function openSqliteStorage<DB>(options: SqliteOptions): Storage<DB> {
  const { path, busyTimeoutMs } = options;
  try {
    const database = openDatabase(path);
    configure(database, busyTimeoutMs);
    return new SqliteStorage<DB>(database, busyTimeoutMs);
  } catch (error) {
    throw withPath(fromSqliteError(error), path);
  }
}

function openDatabase(path: string): Database {
  if (path !== ':memory:') {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // SQLite gives the file's mode to the write-ahead log and the shared memory beside it.
    closeSync(openSync(path, 'a', 0o600));
  }
  return new Database(path, { readwrite: true, create: true, strict: true });
}

function configure(database: Database, busyTimeoutMs: number): void {
  try {
    database.run(`pragma busy_timeout = ${busyTimeoutMs}`);
    database.run('pragma journal_mode = wal');
    database.run('pragma synchronous = normal');
    database.run('pragma foreign_keys = on');
    database.query('select count(*) from sqlite_schema').get();
  } catch (error) {
    database.close();
    throw error;
  }
}

function withPath(error: unknown, path: string): unknown {
  if (error instanceof RpcError) {
    return new RpcError(error.code, `${path}: ${error.message}`, {
      cause: error.cause,
      retryable: error.retryable,
    });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new RpcError('failed_precondition', `${path}: cannot open the database: ${reason}`, {
    cause: error,
  });
}

class SqliteStorage<DB> implements Storage<DB> {
  readonly kind = 'sqlite';
  readonly db: Kysely<DB>;
  readonly #database: Database;
  readonly #busyTimeoutMs: number;
  readonly #statements: StatementCache;
  readonly #dataVersion: Statement<{ data_version: number }, []>;
  #closed = false;

  constructor(database: Database, busyTimeoutMs: number) {
    this.#database = database;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#statements = new StatementCache(database);
    this.#dataVersion = database.prepare('pragma data_version');
    this.db = new Kysely<DB>({ dialect: new BunSqliteDialect(this.#statements) });
  }

  as<Other>(): Storage<Other> {
    return this as unknown as Storage<Other>;
  }

  async migrate(sets: readonly MigrationSet[], report?: MigrationReport): Promise<void> {
    this.#database.run(`pragma busy_timeout = ${migrationLockTimeoutMs}`);
    try {
      await migrate(this.as<unknown>(), sets, report);
    } finally {
      this.#database.run(`pragma busy_timeout = ${this.#busyTimeoutMs}`);
      this.#statements.clear();
    }
  }

  async insertMany(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly ColumnValue[])[],
    transaction?: Transaction<DB>,
  ): Promise<void> {
    await this.#insert(table, columns, '', rows, transaction);
  }

  async addMany(
    table: string,
    keys: readonly string[],
    sums: readonly string[],
    rows: readonly (readonly ColumnValue[])[],
    transaction?: Transaction<DB>,
  ): Promise<void> {
    await this.#insert(table, [...keys, ...sums], addingUp(table, keys, sums), rows, transaction);
  }

  changeStamp(): number | undefined {
    return this.#dataVersion.get()?.data_version;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#dataVersion.finalize();
    // Kysely closes only what it has used.
    await this.db.connection().execute(async () => {});
    await this.db.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #insert(
    table: string,
    columns: readonly string[],
    ending: string,
    rows: readonly (readonly ColumnValue[])[],
    transaction: Transaction<DB> | undefined,
  ): Promise<void> {
    if (rows.length === 0) return;
    if (transaction !== undefined) return this.#insertRows(table, columns, ending, rows);
    // Kysely lends the connection to one at a time, so no open transaction is joined by accident.
    await this.db.connection().execute(async () => {
      this.#statements.prepare('begin immediate').run([]);
      try {
        this.#insertRows(table, columns, ending, rows);
        this.#statements.prepare('commit').run([]);
      } catch (error) {
        if (this.#database.inTransaction) this.#statements.prepare('rollback').run([]);
        throw error;
      }
    });
  }

  #insertRows(
    table: string,
    columns: readonly string[],
    ending: string,
    rows: readonly (readonly ColumnValue[])[],
  ): void {
    const names = columns.map((column) => `"${column}"`).join(', ');
    const places = columns.map(() => '?').join(', ');
    const statement = this.#statements.prepare(
      `insert into "${table}" (${names}) values (${places})${ending}`,
    );
    for (const row of rows) statement.run(row as SQLQueryBindings[]);
  }
}
