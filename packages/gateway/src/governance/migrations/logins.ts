import type { ShortMigration } from '@zeke/foundation';

/** Keys that a login has made, and the role that its provider gave for them. */
export const logins: Omit<ShortMigration, 'number'> = {
  name: 'logins',
  up: async (db) => {
    for (const column of ['login', 'login_role']) {
      await db.schema.alterTable('gateway_keys').addColumn(column, 'text').execute();
    }
  },
};
