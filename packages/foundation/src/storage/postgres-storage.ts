import { RpcError } from '@zeke/rpc';
import { CompiledQuery, Kysely, PostgresDialect, type Transaction } from 'kysely';
import { addingUp } from './adding-up.ts';
import { migrate } from './migrate.ts';
import { createPostgresPool, type PostgresPoolOptions, postgresAddress } from './postgres-pool.ts';
import type { ColumnValue, MigrationReport, MigrationSet, Storage } from './storage.ts';

/**
 * Connects to PostgreSQL. Throws when it does not answer within `connectTimeoutMs`, refuses the
 * login or has no such database; the message has the address and never the password.
 */
export async function openPostgresStorage<DB>(options: PostgresPoolOptions): Promise<Storage<DB>> {
  const address = postgresAddress(options.url);
  const pool = createPostgresPool(options);
  try {
    const client = await pool.connect();
    client.release();
  } catch (reason) {
    await pool.end();
    const error = RpcError.from(reason);
    throw new RpcError(error.code, `${address}: ${error.message}`, {
      cause: error.cause,
      retryable: error.retryable,
    });
  }
  return new PostgresStorage<DB>(
    new Kysely<DB>({ dialect: new PostgresDialect({ pool }) }),
    options,
  );
}

class PostgresStorage<DB> implements Storage<DB> {
  readonly kind = 'postgres';
  readonly db: Kysely<DB>;
  readonly #options: PostgresPoolOptions;
  readonly #inserts = new Map<string, Promise<string>>();
  #closed = false;

  constructor(db: Kysely<DB>, options: PostgresPoolOptions) {
    this.db = db;
    this.#options = options;
  }

  as<Other>(): Storage<Other> {
    return this as unknown as Storage<Other>;
  }

  async migrate(sets: readonly MigrationSet[], report?: MigrationReport): Promise<void> {
    // Over a connection of its own: a statement of a migration may take as long as it takes.
    const pool = createPostgresPool({
      ...this.#options,
      maxConnections: 1,
      statementTimeoutMs: Number.POSITIVE_INFINITY,
    });
    const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
    try {
      await migrate({ db, kind: this.kind }, sets, report);
    } finally {
      await db.destroy();
      this.#inserts.clear();
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

  changeStamp(): undefined {
    return undefined;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // Kysely ends the pool only when it has used it.
    await this.db.connection().execute(async () => {});
    await this.db.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** One statement whatever the number of rows: each column goes as one array. */
  async #insert(
    table: string,
    columns: readonly string[],
    ending: string,
    rows: readonly (readonly ColumnValue[])[],
    transaction: Transaction<DB> | undefined,
  ): Promise<void> {
    if (rows.length === 0) return;
    const text = await this.#insertStatement(table, columns, transaction ?? this.db);
    const arrays = columns.map((_, column) => rows.map((row) => toArrayElement(row[column])));
    await (transaction ?? this.db).executeQuery(CompiledQuery.raw(text + ending, arrays));
  }

  #insertStatement(table: string, columns: readonly string[], db: Kysely<DB>): Promise<string> {
    const key = `${table}(${columns.join()})`;
    const known = this.#inserts.get(key);
    if (known !== undefined) return known;
    const statement = composeInsert(table, columns, db);
    this.#inserts.set(key, statement);
    statement.catch(() => this.#inserts.delete(key));
    return statement;
  }
}

async function composeInsert<DB>(
  table: string,
  columns: readonly string[],
  db: Kysely<DB>,
): Promise<string> {
  const { rows } = await db.executeQuery<{ name: string; type: string }>(
    CompiledQuery.raw(
      `select attname as name, format_type(atttypid, null) as type from pg_attribute
       where attrelid = to_regclass($1) and attnum > 0 and not attisdropped`,
      [`"${table}"`],
    ),
  );
  const types = new Map(rows.map((row) => [row.name, row.type]));
  const places = columns.map((column, index) => {
    const type = types.get(column);
    if (type === undefined) {
      throw new RpcError('internal', `the table ${table} has no column ${column}`);
    }
    return `$${index + 1}::${type}[]`;
  });
  const names = columns.map((column) => `"${column}"`).join(', ');
  return `insert into "${table}" (${names}) select * from unnest(${places.join(', ')})`;
}

/** `pg` writes a Buffer in an array as bytes, any other view as text. */
function toArrayElement(value: ColumnValue | undefined): unknown {
  return value instanceof Uint8Array ? Buffer.from(value) : (value ?? null);
}
