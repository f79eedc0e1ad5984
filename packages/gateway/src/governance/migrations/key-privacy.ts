import type { ShortMigration } from '@zeke/foundation';

/** Keys whose requests stay with local providers. */
export const keyPrivacy: Omit<ShortMigration, 'number'> = {
  name: 'key-privacy',
  up: async (db) => {
    await db.schema.alterTable('gateway_keys').addColumn('privacy', 'text').execute();
  },
};
