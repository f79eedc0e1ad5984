import { expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import { fileFault } from './file-fault.ts';

test.each([
  ['ENOSPC', 'resource_exhausted', 'a.ts: the disk is full: nothing was changed; free space first'],
  [
    'EACCES',
    'permission_denied',
    'a.ts: this user may not (permission denied): nothing was changed',
  ],
  ['EXDEV', 'failed_precondition', 'a.ts: the system refused (EXDEV)'],
])('%s is told', (code, kind, message) => {
  const fault = fileFault('a.ts', Object.assign(new Error('low level'), { code }));
  expect(fault).toMatchObject({ code: kind, message });
});

test('what is told already, and what no system said, stays as it is', () => {
  const told = new RpcError('aborted', 'told');
  const defect = new TypeError('defect');
  expect(fileFault('a', told)).toBe(told);
  expect(fileFault('a', defect)).toBe(defect);
});
