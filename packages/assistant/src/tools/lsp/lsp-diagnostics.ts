import { z } from 'zod';
import {
  type CodeDiagnostic,
  diagnosticsOf,
  knownFiles,
  maxDiagnosedFiles,
} from '../../lsp/diagnostics.ts';
import type { LanguageServers } from '../../lsp/language-servers.ts';
import type { Action } from '../../permissions/action.ts';
import { defineTool } from '../define-tool.ts';
import { withFailuresTold } from '../failed-output.ts';
import type { Tool, ToolContext, ToolOutput } from '../tool.ts';
import { allowedFile, readsFile, shownPath, shownPlace } from './lsp-place.ts';

/** Diagnostics that models are shown. */
const maxShownDiagnostics = 100;

const input = z.strictObject({
  paths: z
    .array(z.string())
    .max(maxDiagnosedFiles)
    .default([])
    .describe(
      'Files, relative to the working folder or absolute; without any, those that language servers were asked about before',
    ),
  include_hints: z.boolean().default(false).describe('Hints and information, too'),
});

type Input = z.output<typeof input>;

/** What is wrong with files. */
export function lspDiagnosticsTool(servers: LanguageServers): Tool<Input> {
  return defineTool({
    name: 'lsp_diagnostics',
    description:
      'Tells the errors and warnings that compilers and type checkers have against files as they are now, in seconds and without a build. Use it after changes, with the files that were changed and those that use them.',
    isReadOnly: true,
    input,
    actions: async ({ paths }, place) => {
      const actions: Action[] = [];
      for (const path of paths) actions.push(...(await readsFile({ path }, place)));
      return actions;
    },
    run: (call, context) => withFailuresTold(() => check(servers, call, context)),
  });
}

async function check(
  servers: LanguageServers,
  { include_hints: includesHints, paths }: Input,
  context: ToolContext,
): Promise<ToolOutput> {
  const { project, signal } = context;
  const files: string[] = [];
  for (const path of paths) files.push((await allowedFile(path, context)).path);
  if (paths.length === 0) {
    const known = await knownFiles(servers, project, signal);
    files.push(...known.filter((path) => context.hides?.(path) !== true));
  }
  if (files.length === 0) {
    return { text: 'No file was asked about before: name some in paths.', isError: true };
  }
  const report = await diagnosticsOf(servers, project, files, signal);
  const wanted = report.diagnostics.filter(
    ({ severity }) => includesHints || severity === 'error' || severity === 'warning',
  );
  const shown = wanted.slice(0, maxShownDiagnostics).map((each) => lineOf(each, context));
  const left = wanted.length - shown.length;
  const unchecked = report.unchecked.map(
    ({ path, reason }) => `${shownPath(project.root, path)}: not checked: ${reason}`,
  );
  const summary = summed(wanted, files.length, unchecked.length);
  return {
    text: [
      ...shown,
      ...(left > 0 ? [`(${left} more are left out: correct these first)`] : []),
      ...unchecked,
      summary,
    ].join('\n'),
    ...(unchecked.length === files.length && { isError: true }),
    summary,
  };
}

function lineOf(diagnostic: CodeDiagnostic, context: ToolContext): string {
  const { code, message, path, severity, source, span } = diagnostic;
  const at = shownPlace(context, path, span.start);
  const who = [source, code].filter((part) => part !== '').join(' ');
  return `${at}: ${severity}: ${message}${who === '' ? '' : ` (${who})`}`;
}

function summed(found: readonly CodeDiagnostic[], files: number, unchecked: number): string {
  const checked = `${files - unchecked} of ${files} files checked`;
  return `${counted(found, 'error')}, ${counted(found, 'warning')}; ${checked}`;
}

function counted(found: readonly CodeDiagnostic[], kind: CodeDiagnostic['severity']): string {
  const count = found.filter(({ severity }) => severity === kind).length;
  return `${count} ${kind}${count === 1 ? '' : 's'}`;
}
