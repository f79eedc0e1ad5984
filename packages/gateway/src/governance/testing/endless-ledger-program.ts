import { writeSync } from 'node:fs';
import { createLogger, openStorage, Spool } from '@zeke/foundation';
import { Ledger } from '../ledger.ts';
import type { GatewayTables } from '../tables.ts';
import { ledgerEntry } from './ledger-entry.ts';

/**
 * `bun endless-ledger-program.ts <storage.url> <spool folder>` puts numbered entries on the ledger until it is
 * killed, and says `<last kept> <bytes on the disk>` each time some are kept, in the database or on the
 * disk.
 */
const [url = '', folder = ''] = process.argv.slice(2);
const log = createLogger({ level: 'silent' });
const storage = await openStorage<GatewayTables>(url, { connectTimeoutMs: 500 });
const spool = await Spool.open({ folder, name: 'ledger', maxBytes: 64_000_000, log });
const ledger = new Ledger({
  storage,
  log,
  spool,
  flushIntervalMs: 10,
  price: async (group) => group.map(() => ({ totalMicroUsd: 1, components: {} })),
  onWritten: (entries) => {
    writeSync(1, `${entries.at(-1)?.requestId.slice('req_'.length)} ${ledger.spooledBytes}\n`);
  },
});
let count = 0;
setInterval(() => {
  for (let index = 0; index < 25; index++) {
    ledger.record(ledgerEntry({ requestId: `req_${++count}` }));
  }
}, 10);
