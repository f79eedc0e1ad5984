import type { Kysely, Transaction } from 'kysely';

export type StorageKind = 'sqlite' | 'postgres';

/** A value that goes into, or comes out of, a column. */
export type ColumnValue = string | number | bigint | boolean | Uint8Array | null;

/**
 * One database behind one interface, the same on SQLite and PostgreSQL.
 *
 * Values: integers, counts, sums and averages come back as JS numbers, so whole numbers stay below
 * 2^53; booleans as booleans where the column was declared `boolean`; bytes as Uint8Array; JSON
 * columns as text. `columnTypes(kind)` has the names of the column types.
 *
 * Errors are RpcError: `already_exists` on a unique violation, `failed_precondition` on another
 * constraint, `unavailable` (retryable) when the database is gone or busy, `aborted` (retryable) on
 * a deadlock or serialization failure, else `internal`.
 */
export interface Storage<DB> extends AsyncDisposable {
  readonly kind: StorageKind;
  readonly db: Kysely<DB>;
  /** The same database, seen with another package's tables. */
  as<Other>(): Storage<Other>;
  /**
   * Runs what has not run yet, set by set in the order given, under a lock: migrations that follow
   * each other in one transaction, all of them or none, and long ones step by step, which go on where
   * they were when they are begun again. Processes that start together wait for each other. `report`
   * is told after each step. Throws `failed_precondition` when the database is newer than the program.
   */
  migrate(sets: readonly MigrationSet[], report?: MigrationReport): Promise<void>;
  /**
   * The fast path for grouped writes: all rows or none, each row in the order of `columns`.
   * Table and column names are trusted: they come from code. Within a transaction of `db`, give
   * that transaction, else the call waits for its end.
   */
  insertMany(
    table: string,
    columns: readonly string[],
    rows: readonly (readonly ColumnValue[])[],
    transaction?: Transaction<DB>,
  ): Promise<void>;
  /**
   * As `insertMany`, with the columns of `keys` before those of `sums` in each row; but where a row with
   * the same keys is there already, the sums, which are numbers, are added to its own. No two rows of
   * one call have the same keys.
   */
  addMany(
    table: string,
    keys: readonly string[],
    sums: readonly string[],
    rows: readonly (readonly ColumnValue[])[],
    transaction?: Transaction<DB>,
  ): Promise<void>;
  /**
   * SQLite: a number that changes when another connection (process) has written; about 1 µs.
   * PostgreSQL: undefined, there is no cheap answer.
   */
  changeStamp(): number | undefined;
  close(): Promise<void>;
}

/** The migrations of one package, which owns the tables they make. */
export interface MigrationSet {
  /** The package's short name, `gateway`. */
  readonly owner: string;
  readonly migrations: readonly Migration[];
}

/** One step forward; there is no way back. Once released it never changes. */
export type Migration = ShortMigration | LongMigration;

interface MigrationName {
  /** 1, 2, 3, … without gaps. */
  readonly number: number;
  readonly name: string;
}

/** Changes tables, in one transaction. */
export interface ShortMigration extends MigrationName {
  up(db: Kysely<unknown>, kind: StorageKind): Promise<void>;
}

/** Moves rows, many at a time, each time in a transaction of its own. */
export interface LongMigration extends MigrationName {
  /**
   * Does some of it, and says how far it is. What is left it reads from the database, so that it goes
   * on where it was after a kill; another process may take a step in between.
   */
  step(db: Kysely<unknown>, kind: StorageKind): Promise<MigrationProgress>;
}

/** How far a long migration is. */
export interface MigrationProgress {
  readonly doneRows: number;
  /** As far as it is known. */
  readonly totalRows: number;
  readonly isDone: boolean;
}

/** Is told of each step of a long migration when it cannot be lost any more. `title` is `owner number name`. */
export type MigrationReport = (title: string, progress: MigrationProgress) => void;
