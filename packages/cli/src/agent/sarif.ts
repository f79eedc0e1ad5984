import type { Finding } from '@zeke/protocol/reaper';

const levels: Readonly<Record<string, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  major: 'error',
  minor: 'warning',
  nit: 'note',
};

/**
 * Findings as SARIF 2.1.0, for code hosts and editors.
 * Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function sarifOf(findings: readonly Finding[]): object {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'zeke review',
            rules: Object.keys(levels).map((severity) => ({ id: severity, name: severity })),
          },
        },
        results: findings.map(resultOf),
      },
    ],
  };
}

function resultOf({ endLine, explanation, file, line, replacement, severity, title }: Finding) {
  const artifactLocation = { uri: file.split('/').map(encodeURIComponent).join('/') };
  const region = { startLine: line, endLine };
  return {
    ruleId: severity,
    level: levels[severity] ?? 'warning',
    message: { text: explanation === '' ? title : `${title}\n\n${explanation}` },
    locations: [{ physicalLocation: { artifactLocation, region } }],
    ...(replacement === undefined
      ? {}
      : {
          fixes: [
            {
              description: { text: title },
              artifactChanges: [
                {
                  artifactLocation,
                  replacements: [
                    { deletedRegion: region, insertedContent: { text: withoutEnd(replacement) } },
                  ],
                },
              ],
            },
          ],
        }),
  };
}

/** What is deleted are lines without the end of the last one. */
function withoutEnd(lines: string): string {
  return lines.replace(/\r?\n$/, '');
}
