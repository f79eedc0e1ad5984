import { expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** What a page may take at most, in bytes: as it is, and as it goes over the wire. */
const maxBytes = 82_000;
const maxGzipBytes = 26_000;

test('a page with one client is small, and has no schema and nothing of a runtime in it', async () => {
  const { outputs } = await Bun.build({
    entrypoints: [fileURLToPath(import.meta.resolve('./testing/page.ts'))],
    target: 'browser',
    minify: true,
  });
  const text = (await outputs[0]?.text()) ?? '';
  expect(text).toContain('/grpc.health.v1.Health/Check');
  expect(text).not.toContain('node:');
  expect(text).not.toContain('google.protobuf.FileDescriptorProto');
  expect(text.length).toBeLessThan(maxBytes);
  expect(gzipSync(text).length).toBeLessThan(maxGzipBytes);
});
