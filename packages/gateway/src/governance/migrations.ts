import { columnTypes, type Migration, type MigrationSet, type StorageKind } from '@zeke/foundation';
import { type Kysely, sql } from 'kysely';
import { consents } from './migrations/consents.ts';
import { content } from './migrations/content.ts';
import { days } from './migrations/days.ts';
import { daysMoved } from './migrations/days-moved.ts';
import { keyPrivacy } from './migrations/key-privacy.ts';
import { logins } from './migrations/logins.ts';

const tokenColumns = [
  'input_tokens',
  'output_tokens',
  'cached_input_tokens',
  'cache_write_5m_tokens',
  'cache_write_1h_tokens',
  'reasoning_tokens',
  'audio_input_tokens',
  'audio_output_tokens',
  'image_input_tokens',
  'image_output_tokens',
] as const;

const keys: Migration = {
  number: 1,
  name: 'keys',
  up: async (db, kind) => {
    const types = columnTypes(kind);
    await db.schema
      .createTable('gateway_keys')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('sha256', 'text', (column) => column.notNull().unique())
      .addColumn('last4', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('owner', 'text', (column) => column.notNull())
      .addColumn('scopes', 'text', (column) => column.notNull())
      .addColumn('allowed_models', 'text')
      .addColumn('created_at_ms', types.int64, (column) => column.notNull())
      .addColumn('expires_at_ms', types.int64)
      .addColumn('revoked_at_ms', types.int64)
      .addColumn('last_used_at_ms', types.int64)
      .execute();
  },
};

const ledger: Migration = {
  number: 2,
  name: 'ledger',
  up: async (db, kind) => {
    await createLedger(db, kind);
    for (const column of ['at_ms', 'request_id']) {
      await db.schema
        .createIndex(`gateway_ledger_${column}`)
        .on('gateway_ledger')
        .column(column)
        .execute();
    }
  },
};

async function createLedger(db: Kysely<unknown>, kind: StorageKind): Promise<void> {
  const types = columnTypes(kind);
  let table = db.schema
    .createTable('gateway_ledger')
    .addColumn('id', types.autoIncrement, (column) => column.primaryKey())
    .addColumn('at_ms', types.int64, (column) => column.notNull())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('trace_id', 'text')
    .addColumn('attempt', 'integer', (column) => column.notNull())
    .addColumn('key_id', 'text')
    .addColumn('owner', 'text')
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('requested_model', 'text', (column) => column.notNull())
    .addColumn('operation', 'text', (column) => column.notNull())
    .addColumn('caller_dialect', 'text', (column) => column.notNull())
    .addColumn('provider_dialect', 'text', (column) => column.notNull())
    .addColumn('streamed', types.boolean, (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('http_status', 'integer')
    .addColumn('error_code', 'text')
    .addColumn('estimated', types.boolean, (column) => column.notNull())
    .addColumn('cost_micro_usd', types.int64)
    .addColumn('cost_components', 'text')
    .addColumn('latency_ms', 'integer', (column) => column.notNull())
    .addColumn('first_token_ms', 'integer');
  for (const name of tokenColumns) {
    table = table.addColumn(name, types.int64, (column) => column.notNull());
  }
  await table.execute();
}

const responses: Migration = {
  number: 3,
  name: 'responses',
  up: async (db, kind) => {
    const types = columnTypes(kind);
    await db.schema
      .createTable('gateway_responses')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('key_id', 'text')
      .addColumn('created_at_ms', types.int64, (column) => column.notNull())
      .addColumn('provider', 'text')
      .addColumn('input', 'text', (column) => column.notNull())
      .addColumn('response', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('gateway_responses_created_at_ms')
      .on('gateway_responses')
      .column('created_at_ms')
      .execute();
  },
};

const hierarchy: Migration = {
  number: 4,
  name: 'hierarchy',
  up: async (db, kind) => {
    const { int64 } = columnTypes(kind);
    await db.schema
      .createTable('gateway_orgs')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull().unique())
      .addColumn('created_at_ms', int64, (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('gateway_teams')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('org_id', 'text', (column) => column.notNull().references('gateway_orgs.id'))
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', int64, (column) => column.notNull())
      .addUniqueConstraint('gateway_teams_name', ['org_id', 'name'])
      .execute();
    await db.schema
      .createTable('gateway_users')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('org_id', 'text', (column) => column.notNull().references('gateway_orgs.id'))
      .addColumn('team_id', 'text', (column) => column.references('gateway_teams.id'))
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', int64, (column) => column.notNull())
      .addUniqueConstraint('gateway_users_name', ['org_id', 'name'])
      .execute();
    for (const name of ['user_id', 'team_id']) {
      await db.schema.alterTable('gateway_keys').addColumn(name, 'text').execute();
    }
    for (const name of ['org_id', 'team_id', 'user_id']) {
      await db.schema.alterTable('gateway_ledger').addColumn(name, 'text').execute();
    }
  },
};

const budgets: Migration = {
  number: 5,
  name: 'budgets',
  up: async (db, kind) => {
    const { int64 } = columnTypes(kind);
    await db.schema
      .createTable('gateway_budgets')
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('period', 'text', (column) => column.notNull())
      .addColumn('mode', 'text', (column) => column.notNull())
      .addColumn('limit_micro_usd', int64, (column) => column.notNull())
      .addColumn('created_at_ms', int64, (column) => column.notNull())
      .addPrimaryKeyConstraint('gateway_budgets_key', ['kind', 'id', 'period', 'mode'])
      .execute();
    await db.schema
      .createTable('gateway_spend')
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('day', 'integer', (column) => column.notNull())
      .addColumn('micro_usd', int64, (column) => column.notNull())
      .addPrimaryKeyConstraint('gateway_spend_key', ['kind', 'id', 'day'])
      .execute();
    for (const [spender, column] of [
      ['key', 'key_id'],
      ['provider', 'provider'],
    ] as const) {
      await sql`insert into gateway_spend (kind, id, day, micro_usd)
        select ${sql.lit(spender)}, ${sql.ref(column)}, at_ms / 86400000, sum(cost_micro_usd)
        from gateway_ledger where cost_micro_usd > 0 and ${sql.ref(column)} is not null
        group by ${sql.ref(column)}, at_ms / 86400000`.execute(db);
    }
  },
};

const tiers: Migration = {
  number: 6,
  name: 'tiers',
  up: async (db) => {
    await db.schema.alterTable('gateway_keys').addColumn('tier', 'text').execute();
  },
};

const audit: Migration = {
  number: 7,
  name: 'audit',
  up: async (db, kind) => {
    const { int64 } = columnTypes(kind);
    let table = db.schema
      .createTable('gateway_audit')
      .addColumn('seq', int64, (column) => column.primaryKey())
      .addColumn('at_ms', int64, (column) => column.notNull());
    for (const name of ['actor', 'action', 'object_kind', 'outcome', 'detail'] as const) {
      table = table.addColumn(name, 'text', (column) => column.notNull());
    }
    for (const name of ['key_id', 'owner', 'object_id', 'address', 'request_id'] as const) {
      table = table.addColumn(name, 'text');
    }
    for (const name of ['previous_hash', 'hash'] as const) {
      table = table.addColumn(name, 'text', (column) => column.notNull());
    }
    await table.execute();
    for (const column of ['at_ms', 'request_id']) {
      await db.schema
        .createIndex(`gateway_audit_${column}`)
        .on('gateway_audit')
        .column(column)
        .execute();
    }
    await makeAppendOnly(db, kind);
  },
};

/** What is said when somebody tries to change the audit log. */
const appendOnly = 'the audit log is append-only';

async function makeAppendOnly(db: Kysely<unknown>, kind: StorageKind): Promise<void> {
  if (kind === 'sqlite') {
    for (const change of ['update', 'delete']) {
      await sql`create trigger ${sql.ref(`gateway_audit_no_${change}`)}
        before ${sql.raw(change)} on gateway_audit
        begin select raise(abort, ${sql.lit(appendOnly)}); end`.execute(db);
    }
    return;
  }
  await sql`create function gateway_audit_refuse() returns trigger language plpgsql as
    ${sql.lit(`begin raise exception '${appendOnly}'; end`)}`.execute(db);
  await sql`create trigger gateway_audit_append_only
    before update or delete or truncate on gateway_audit
    for each statement execute function gateway_audit_refuse()`.execute(db);
}

const retiredSecrets: Migration = {
  number: 8,
  name: 'retired-secrets',
  up: async (db, kind) => {
    const { int64 } = columnTypes(kind);
    await db.schema
      .createTable('gateway_retired_secrets')
      .addColumn('sha256', 'text', (column) => column.primaryKey())
      .addColumn('key_id', 'text', (column) => column.notNull())
      .addColumn('last4', 'text', (column) => column.notNull())
      .addColumn('retired_at_ms', int64, (column) => column.notNull())
      .addColumn('valid_until_ms', int64, (column) => column.notNull())
      .addColumn('last_used_at_ms', int64)
      .execute();
    await db.schema
      .createIndex('gateway_retired_secrets_retired_at_ms')
      .on('gateway_retired_secrets')
      .column('retired_at_ms')
      .execute();
  },
};

/** What `storage.migrate` needs to make the gateway's tables. */
export const gatewayMigrations: MigrationSet = {
  owner: 'gateway',
  migrations: [
    ...[keys, ledger, responses, hierarchy, budgets, tiers, audit, retiredSecrets],
    { number: 9, ...days },
    { number: 10, ...daysMoved },
    { number: 11, ...logins },
    { number: 12, ...keyPrivacy },
    { number: 13, ...consents },
    { number: 14, ...content },
  ],
};
