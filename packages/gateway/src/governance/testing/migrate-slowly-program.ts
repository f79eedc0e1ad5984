import { writeSync } from 'node:fs';
import { openStorage } from '@zeke/foundation';
import { gatewayMigrations } from '../migrations.ts';

/** `bun migrate-slowly-program.ts <storage.url>` says each step and holds on after it, so that it can be killed there. */
const [url = ''] = process.argv.slice(2);
const storage = await openStorage(url);
await storage.migrate([gatewayMigrations], (title, { doneRows, totalRows }) => {
  writeSync(1, `${title} ${doneRows} of ${totalRows}\n`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
await storage.close();
