import { RpcError } from '@zeke/rpc';
import type { Diagnostic, PositionEncodingKind } from 'vscode-languageserver-protocol';
import type { Project } from '../project/project.ts';
import { isWithin } from '../project/resolve-path.ts';
import { diagnosticReportSchema } from './answers.ts';
import type { OpenDocument } from './documents.ts';
import type { LanguageServer } from './language-server.ts';
import type { LanguageServers } from './language-servers.ts';
import { type Span, toSpan } from './positions.ts';
import { checkedDiagnostics } from './published-diagnostics.ts';
import { tsserverDiagnostics } from './tsserver-diagnostics.ts';

/** Files that are asked about at a time. */
export const maxDiagnosedFiles = 100;

/** A fault that a language server sees in a file. */
export interface CodeDiagnostic {
  /** Absolute. */
  readonly path: string;
  readonly span: Span;
  readonly severity: 'error' | 'warning' | 'information' | 'hint';
  readonly message: string;
  /** The server's name for it, as `2322` or `reportUnusedVariable`; empty where it has none. */
  readonly code: string;
  /** Which tool says so; empty where it is not told. */
  readonly source: string;
}

export interface DiagnosticsReport {
  /** By file in the order asked, by place within a file. */
  readonly diagnostics: readonly CodeDiagnostic[];
  /** Files of which not everything is known, and why. */
  readonly unchecked: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * What language servers say against files (absolute, resolved) as they are on the disk now. Waits until
 * that is whole, within the limit of time; a file of which it is not, or for which there is no server, stands
 * in `unchecked`. Throws `canceled`, and `invalid_argument` for over 100 files.
 */
export async function diagnosticsOf(
  servers: LanguageServers,
  project: Project,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<DiagnosticsReport> {
  if (paths.length > maxDiagnosedFiles) {
    const message = `diagnostics of ${paths.length} files were asked for: name up to ${maxDiagnosedFiles}`;
    throw new RpcError('invalid_argument', message);
  }
  const reports = new Map<string, FileReport>();
  // Files of one server are shown to it together, so that it checks them once.
  const waiting = [...new Set(paths)];
  for (let first = waiting.shift(); first !== undefined; first = waiting.shift()) {
    const path = first;
    try {
      await servers.use(project, path, signal, async (server) => {
        const together = [path, ...waiting.filter((other) => server.takes(other))];
        for (const report of await askServer(server, together, signal)) {
          reports.set(report.path, report);
        }
      });
    } catch (reason) {
      const error = RpcError.from(reason);
      if (signal.aborted || error.code === 'internal') throw error;
      reports.set(path, { path, diagnostics: [], reason: error.message });
    }
    const left = waiting.filter((other) => !reports.has(other));
    waiting.splice(0, waiting.length, ...left);
  }
  return collect(paths, reports);
}

/**
 * Files of a project that language servers were asked about or published something against: up to
 * 100, those with something against them first.
 */
export async function knownFiles(
  servers: LanguageServers,
  project: Project,
  signal: AbortSignal,
): Promise<string[]> {
  const known = await servers.useRunning(project, signal, async ({ diagnostics, documents }) => [
    ...diagnostics.paths,
    ...documents.paths,
  ]);
  const inside = known.flat().filter((path) => isWithin(project.root, path));
  return [...new Set(inside)].slice(0, maxDiagnosedFiles);
}

interface FileReport {
  readonly path: string;
  readonly diagnostics: readonly CodeDiagnostic[];
  /** Why it is not whole. */
  readonly reason?: string;
}

function collect(
  paths: readonly string[],
  reports: ReadonlyMap<string, FileReport>,
): DiagnosticsReport {
  const ordered = [...new Set(paths)].flatMap((path) => reports.get(path) ?? []);
  return {
    diagnostics: ordered.flatMap(({ diagnostics }) => diagnostics),
    unchecked: ordered.flatMap(({ path, reason }) =>
      reason === undefined ? [] : [{ path, reason }],
    ),
  };
}

async function askServer(
  server: LanguageServer,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<FileReport[]> {
  const reports: FileReport[] = [];
  const readable: string[] = [];
  let hasChanged = false;
  for (const path of paths) {
    try {
      const updated = await server.update([path], signal);
      hasChanged ||= updated.hasChanged;
      readable.push(path);
    } catch (reason) {
      const error = RpcError.from(reason);
      if (signal.aborted || error.code === 'internal') throw reason;
      reports.push({ path, diagnostics: [], reason: error.message });
    }
  }
  const owed = await settle(server, hasChanged ? readable : [], signal);
  for (const path of readable) {
    const document = server.documents.get(path);
    if (document === undefined) continue;
    const found = await pull(server, path, document, signal);
    const pushed = server.asksTsserver ? [] : server.diagnostics.of(path);
    const reason = `${server.name} did not tell within ${server.limits.diagnosticsMs} ms`;
    reports.push({
      path,
      diagnostics: told(path, [...found, ...pushed], document.lines, server.encoding),
      ...(owed.includes(path) && { reason }),
    });
  }
  return reports;
}

/**
 * Waits until a server that publishes has spoken about the files as they are. `stale` are those that
 * may be judged otherwise now though they did not change. Resolves with what it still owes.
 */
async function settle(
  server: LanguageServer,
  stale: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const { documents, diagnostics, limits } = server;
  if (server.asksTsserver || (diagnostics.isPulled && !server.checksOnSave)) return [];
  for (const path of stale) documents.retell(path);
  if (server.checksOnSave && !(await server.untilChecked(signal))) return [...documents.paths];
  if (diagnostics.isPulled) return [];
  const firstMs = limits.diagnosticsMs / 3;
  const { quietMs } = limits;
  const owed = await diagnostics.settled({ quietMs, limitMs: firstMs }, signal);
  if (owed.length === 0) return owed;
  // Some servers forget a file that was told while they were reading their settings.
  for (const path of owed) documents.retell(path);
  const limitMs = limits.diagnosticsMs - firstMs;
  return await diagnostics.settled({ quietMs, limitMs }, signal);
}

async function pull(
  server: LanguageServer,
  path: string,
  document: OpenDocument,
  signal: AbortSignal,
): Promise<readonly Diagnostic[]> {
  if (server.asksTsserver) return await tsserverDiagnostics(server, path, signal);
  if (!server.diagnostics.isPulled) return [];
  const params = { textDocument: { uri: document.uri } };
  const items = await server.request(
    'textDocument/diagnostic',
    params,
    diagnosticReportSchema,
    signal,
  );
  return checkedDiagnostics(items);
}

const severities = ['error', 'warning', 'information', 'hint'] as const;

function told(
  path: string,
  diagnostics: readonly Diagnostic[],
  lines: readonly string[],
  encoding: PositionEncodingKind,
): CodeDiagnostic[] {
  const each = new Map<string, CodeDiagnostic>();
  for (const { range, severity, message, code, source } of diagnostics) {
    const span = toSpan(lines, range, encoding);
    const told = {
      path,
      span,
      severity: severities[(severity ?? 1) - 1] ?? 'error',
      message: typeof message === 'string' ? message : message.value,
      code: String(code ?? ''),
      source: source ?? '',
    };
    // What a server both publishes and answers is one.
    each.set(`${span.start.line}:${span.start.column} ${told.code} ${told.message}`, told);
  }
  return [...each.values()].sort(
    ({ span: { start: left } }, { span: { start: right } }) =>
      left.line - right.line || left.column - right.column,
  );
}
