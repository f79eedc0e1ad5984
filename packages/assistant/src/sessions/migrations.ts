import { columnTypes, type Migration, type MigrationSet } from '@zeke/foundation';

const sessions: Migration = {
  number: 1,
  name: 'sessions',
  up: async (db, kind) => {
    const { int64 } = columnTypes(kind);
    let table = db.schema
      .createTable('assistant_sessions')
      .addColumn('id', 'text', (column) => column.primaryKey());
    for (const name of ['parent_id', 'parent_call_id', 'forked_from'] as const) {
      table = table.addColumn(name, 'text');
    }
    for (const name of ['agent', 'title', 'project_root', 'project_name', 'cwd', 'model']) {
      table = table.addColumn(name, 'text', (column) => column.notNull());
    }
    for (const name of ['created_at_ms', 'updated_at_ms']) {
      table = table.addColumn(name, int64, (column) => column.notNull());
    }
    const counts = ['entries', 'bytes', 'steps', 'input_tokens', 'output_tokens'];
    for (const name of [...counts, 'cached_input_tokens']) {
      table = table.addColumn(name, int64, (column) => column.notNull().defaultTo(0));
    }
    await table.addColumn('forked_at_seq', int64).addColumn('cost_micro_usd', int64).execute();
    for (const [name, columns] of [
      ['assistant_sessions_updated_at_ms', ['updated_at_ms']],
      ['assistant_sessions_project', ['project_root', 'updated_at_ms']],
      ['assistant_sessions_parent_id', ['parent_id']],
    ] as const) {
      await db.schema
        .createIndex(name)
        .on('assistant_sessions')
        .columns([...columns])
        .execute();
    }
  },
};

const entries: Migration = {
  number: 2,
  name: 'entries',
  up: async (db, kind) => {
    const { int64 } = columnTypes(kind);
    await db.schema
      .createTable('assistant_entries')
      .addColumn('session_id', 'text', (column) => column.notNull())
      .addColumn('seq', int64, (column) => column.notNull())
      .addColumn('at_ms', int64, (column) => column.notNull())
      .addColumn('data', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('assistant_entries_key', ['session_id', 'seq'])
      .execute();
  },
};

const leases: Migration = {
  number: 3,
  name: 'leases',
  up: async (db, kind) => {
    const { int64 } = columnTypes(kind);
    await db.schema
      .createTable('assistant_leases')
      .addColumn('session_id', 'text', (column) => column.primaryKey())
      .addColumn('token', 'text', (column) => column.notNull())
      .addColumn('host', 'text', (column) => column.notNull())
      .addColumn('pid', int64, (column) => column.notNull())
      .addColumn('started', 'text', (column) => column.notNull())
      .addColumn('renewed_at_ms', int64, (column) => column.notNull())
      .execute();
  },
};

/** The tables of sessions, which `SessionStore` owns. */
export const sessionMigrations: MigrationSet = {
  owner: 'assistant_sessions',
  migrations: [sessions, entries, leases],
};
