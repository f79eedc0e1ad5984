import type { Database, SQLQueryBindings, Statement } from 'bun:sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryCompiler,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from 'kysely';
import { fromSqliteError } from './sqlite-errors.ts';

const maxCachedStatements = 256;

/** Kysely over one `bun:sqlite` connection. Kysely itself lets one user at a time have it. */
export class BunSqliteDialect implements Dialect {
  readonly #statements: StatementCache;

  constructor(statements: StatementCache) {
    this.#statements = statements;
  }

  createDriver(): Driver {
    return new ImmediateSqliteDriver({ database: this.#statements });
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): SqliteAdapter {
    return new SqliteAdapter();
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(db);
  }
}

/**
 * A transaction takes the write lock when it begins: one that reads first and writes later would
 * fail with SQLITE_BUSY at once when another process wrote in between.
 */
class ImmediateSqliteDriver extends SqliteDriver {
  override async beginTransaction(
    connection: DatabaseConnection,
    settings?: TransactionSettings,
  ): Promise<void> {
    const begin = settings?.accessMode === 'read only' ? 'begin' : 'begin immediate';
    await connection.executeQuery(CompiledQuery.raw(begin));
  }

  /** SQLite has rolled back by itself where the disk is full: what failed is told, and not that. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await super.rollbackTransaction(connection).catch((error: Error) => {
      if (!/no transaction is active/.test(String(error.cause))) throw error;
    });
  }
}

/**
 * Prepared statements by their SQL, the least recently used dropped first. It has the shape that
 * Kysely's SQLite driver asks of a database.
 */
export class StatementCache {
  readonly #database: Database;
  readonly #cached = new Map<string, PreparedStatement>();

  constructor(database: Database) {
    this.#database = database;
  }

  prepare(sql: string): PreparedStatement {
    const known = this.#cached.get(sql);
    if (known !== undefined) {
      this.#cached.delete(sql);
      this.#cached.set(sql, known);
      return known;
    }
    const statement = this.#compile(sql);
    this.#cached.set(sql, statement);
    if (this.#cached.size > maxCachedStatements) this.#dropOldest();
    return statement;
  }

  /** For after a change of the schema: result columns of a kept statement may be out of date. */
  clear(): void {
    for (const statement of this.#cached.values()) statement.finalize();
    this.#cached.clear();
  }

  close(): void {
    this.clear();
    this.#database.close();
  }

  #compile(sql: string): PreparedStatement {
    try {
      return new PreparedStatement(this.#database.prepare(sql));
    } catch (error) {
      throw fromSqliteError(error);
    }
  }

  #dropOldest(): void {
    for (const [sql, statement] of this.#cached) {
      statement.finalize();
      this.#cached.delete(sql);
      return;
    }
  }
}

type Row = Record<string, unknown>;

/** One statement, with SQLite's 0 and 1 turned into booleans where the column is declared so. */
class PreparedStatement {
  readonly reader: boolean;
  readonly #statement: Statement<Row, SQLQueryBindings[]>;
  #width = -1;
  #booleanColumns: readonly string[] = [];

  constructor(statement: Statement<Row, SQLQueryBindings[]>) {
    this.#statement = statement;
    this.reader = statement.columnNames.length > 0;
  }

  all(parameters: readonly unknown[]): Row[] {
    try {
      const rows = this.#statement.all(...(parameters as SQLQueryBindings[]));
      return this.#withBooleans(rows);
    } catch (error) {
      throw fromSqliteError(error);
    }
  }

  run(parameters: readonly unknown[]): { changes: number; lastInsertRowid: number | bigint } {
    try {
      return this.#statement.run(...(parameters as SQLQueryBindings[]));
    } catch (error) {
      throw fromSqliteError(error);
    }
  }

  *iterate(parameters: readonly unknown[]): IterableIterator<Row> {
    try {
      for (const row of this.#statement.iterate(...(parameters as SQLQueryBindings[]))) {
        yield this.#withBooleans([row])[0] as Row;
      }
    } catch (error) {
      throw fromSqliteError(error);
    }
  }

  finalize(): void {
    this.#statement.finalize();
  }

  #withBooleans(rows: Row[]): Row[] {
    const [first] = rows;
    if (first === undefined) return rows;
    const width = Object.keys(first).length;
    // SQLite compiles a statement again, with other columns, after another process changed a table.
    if (width !== this.#width) {
      this.#width = width;
      this.#booleanColumns = booleanColumnsOf(this.#statement);
    }
    for (const column of this.#booleanColumns) {
      for (const row of rows) {
        const value = row[column];
        if (typeof value === 'number') row[column] = value !== 0;
      }
    }
    return rows;
  }
}

/** Bun knows declared types only after the statement has run once. */
function booleanColumnsOf(statement: Statement<Row, SQLQueryBindings[]>): readonly string[] {
  const declared = statement.declaredTypes;
  return statement.columnNames.filter((_, index) => declared[index]?.toLowerCase() === 'boolean');
}
