import { expect, test } from 'bun:test';
import { sarifOf } from './sarif.ts';

test('findings are told as SARIF, with their fix', () => {
  const finding = {
    file: 'src/a b#1.ts',
    line: 4,
    endLine: 5,
    severity: 'major',
    title: 'T',
    explanation: 'E',
    replacement: 'x\n',
  };
  expect(sarifOf([finding])).toMatchObject({
    version: '2.1.0',
    runs: [
      {
        results: [
          {
            level: 'error',
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: 'src/a%20b%231.ts' },
                  region: { startLine: 4, endLine: 5 },
                },
              },
            ],
            fixes: [{ artifactChanges: [{ replacements: [{ insertedContent: { text: 'x' } }] }] }],
          },
        ],
      },
    ],
  });
});
