import { columnTypes, type ShortMigration } from '@zeke/foundation';

/** Prompts and answers, where they are kept: sealed. */
export const content: Omit<ShortMigration, 'number'> = {
  name: 'content',
  up: async (db, kind) => {
    const { bytes, int64 } = columnTypes(kind);
    let table = db.schema
      .createTable('gateway_content')
      .addColumn('request_id', 'text', (column) => column.primaryKey())
      .addColumn('at_ms', int64, (column) => column.notNull())
      .addColumn('endpoint', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('http_status', 'integer', (column) => column.notNull())
      .addColumn('sealed_with', 'text', (column) => column.notNull())
      .addColumn('sealed', bytes, (column) => column.notNull());
    for (const name of ['key_id', 'owner', 'org_id', 'team_id', 'user_id', 'project'] as const) {
      table = table.addColumn(name, 'text');
    }
    await table.execute();
    await db.schema
      .createIndex('gateway_content_at_ms')
      .on('gateway_content')
      .column('at_ms')
      .execute();
  },
};
