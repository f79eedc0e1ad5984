import type { Diagnostic } from 'vscode-languageserver-protocol';
import { z } from 'zod';
import type { LanguageServer } from './language-server.ts';

/**
 * What TypeScript has against a file. typescript-language-server publishes diagnostics piece by piece
 * and says nothing when a clean file stays clean; tsserver, which it passes requests on to, answers when
 * it has them all. Source: `typescript.tsserverRequest` in the server's documentation of commands,
 * `SyntacticDiagnosticsSync` and `SemanticDiagnosticsSync` in TypeScript's protocol.ts.
 */
export async function tsserverDiagnostics(
  server: LanguageServer,
  path: string,
  signal: AbortSignal,
): Promise<Diagnostic[]> {
  const ask = async (command: string) => {
    const params = { command: 'typescript.tsserverRequest', arguments: [command, { file: path }] };
    const { body } = await server.request('workspace/executeCommand', params, answerSchema, signal);
    return body.map(toDiagnostic);
  };
  const syntactic = await ask('syntacticDiagnosticsSync');
  return [...syntactic, ...(await ask('semanticDiagnosticsSync'))];
}

const placeSchema = z.object({ line: z.int().min(1), offset: z.int().min(1) });

const answerSchema = z.object({
  body: z
    .array(
      z.object({
        start: placeSchema,
        end: placeSchema,
        text: z.string(),
        code: z.number().optional(),
        category: z.string(),
        source: z.string().optional(),
      }),
    )
    .default([]),
});

function toDiagnostic(found: z.output<typeof answerSchema>['body'][number]): Diagnostic {
  const { start, end, text, code, category, source = 'typescript' } = found;
  return {
    range: {
      start: { line: start.line - 1, character: start.offset - 1 },
      end: { line: end.line - 1, character: end.offset - 1 },
    },
    severity: category === 'error' ? 1 : category === 'warning' ? 2 : 4,
    message: text,
    ...(code !== undefined && { code }),
    source,
  };
}
