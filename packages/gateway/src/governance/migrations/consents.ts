import { columnTypes, type ShortMigration } from '@zeke/foundation';

/** The table of what is asked and was decided: a row for each thing of each question. */
export const consents: Omit<ShortMigration, 'number'> = {
  name: 'consents',
  up: async (db, kind) => {
    const { int64 } = columnTypes(kind);
    let table = db.schema
      .createTable('gateway_consents')
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('thing', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', int64, (column) => column.notNull())
      .addColumn('expires_at_ms', int64, (column) => column.notNull())
      .addColumn('decided_at_ms', int64)
      .addColumn('used_at_ms', int64)
      .addPrimaryKeyConstraint('gateway_consents_key', ['id', 'thing']);
    for (const name of ['policy', 'what', 'caller', 'model'] as const) {
      table = table.addColumn(name, 'text', (column) => column.notNull());
    }
    for (const name of ['reason', 'owner', 'org_id', 'team_id', 'user_id'] as const) {
      table = table.addColumn(name, 'text');
    }
    for (const name of ['session', 'project', 'decision', 'decided_by'] as const) {
      table = table.addColumn(name, 'text');
    }
    await table.execute();
    await db.schema
      .createIndex('gateway_consents_caller')
      .on('gateway_consents')
      .columns(['caller', 'thing'])
      .execute();
    await db.schema
      .createIndex('gateway_consents_expires_at_ms')
      .on('gateway_consents')
      .column('expires_at_ms')
      .execute();
  },
};
