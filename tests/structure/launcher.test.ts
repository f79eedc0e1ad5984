import { expect, test } from 'bun:test';
import { join } from 'node:path';

test('./zeke --install-only, as CONTRIBUTING.md has it, installs and says nothing else', () => {
  const launcher = join(import.meta.dirname, '../../zeke');
  const { exitCode, stdout } = Bun.spawnSync([launcher, '--install-only']);
  expect(exitCode).toBe(0);
  expect(String(stdout)).toBe('');
}, 120_000);
