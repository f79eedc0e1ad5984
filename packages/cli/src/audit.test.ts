import { Database } from 'bun:sqlite';
import { expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { processTimeoutMs, zeke } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

test('changes are listed, exported and verified, and a changed row is found', async () => {
  await using home = await temporaryDirectory();
  const run = async (line: string) => zeke(line.split(' '), { home: home.path });
  expect((await run('audit verify')).stdout).toMatch(/^0 entries fit; the head is 0{64}\n$/);
  await run('orgs create acme');
  await run('orgs create acme');
  const table = (await run('audit list')).stdout;
  expect(table).toMatch(/\n4 .* local +- +org\.create +org +failed +\{"error":"already_exists"/);
  expect(table).toMatch(/\n2 .* local +- +org\.create +org_\w+ +ok +\{"name":"acme"\}\n$/);
  const { stdout } = await run('audit list --json --limit 1 --since 1d --actor local');
  expect(JSON.parse(stdout).entries).toMatchObject([{ seq: 4 }]);
  const lines = (await run('audit export')).stdout.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).outcome)).toEqual(['begun', 'ok', 'begun', 'failed']);
  const { hash } = JSON.parse(lines[3] ?? '');
  const good = await run(`audit verify --head ${hash}`);
  expect(good).toMatchObject({ code: 0, stdout: `4 entries fit; the head is ${hash}\n` });

  const database = new Database(join(home.path, 'zeke.db'));
  database.run('drop trigger gateway_audit_no_update');
  database.run(`update gateway_audit set detail = '{"name":"other"}' where seq = 2`);
  database.close();
  expect(await run('audit verify')).toMatchObject({
    code: exitCodes.failure,
    stdout: 'changed: row 2 is not what was written; the 1 before fit\n',
  });
  expect(JSON.parse((await run('audit verify --json')).stdout)).toMatchObject({
    entries: 1,
    fault: { seq: 2, kind: 'changed' },
  });
  expect(await run('audit verify --head x')).toMatchObject({ code: exitCodes.usage });
});
