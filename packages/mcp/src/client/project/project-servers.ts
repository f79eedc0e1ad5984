import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type McpServerConfig, withFileLock, writeFileAtomically } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import type { HubServer } from '../hub-types.ts';
import {
  type ProjectEntry,
  parseProjectFile,
  projectFileName,
  readProjectFile,
} from './project-file.ts';

/** By a project's root, then by a server's name: the hash of the entry, and what somebody said to it. */
const consentsSchema = z.record(
  z.string(),
  z.record(z.string(), z.object({ hash: z.string(), isGiven: z.boolean() })),
);
type Consents = z.infer<typeof consentsSchema>;

export interface ProjectPlace {
  /** The project's root, absolute. */
  readonly root: string;
  /** `$ZEKE_HOME`: what was agreed to is kept there, never in the project. */
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * The servers of a project's `.mcp.json`, each with whether somebody has agreed to this very entry: who may
 * write to the project could otherwise have zeke start anything. Throws `failed_precondition`.
 */
export async function projectServers(place: ProjectPlace): Promise<HubServer[]> {
  const text = await readProjectFile(place.root);
  if (text === undefined) return [];
  const entries = parseProjectFile(text, place.environment);
  const consents = (await readConsents(place.home))[await realpath(place.root)] ?? {};
  return entries.map((entry) => hubServer(entry, consents[entry.name]));
}

/** What a person is asked about, before a server of a project is used. Throws `not_found`. */
export async function projectEntry(place: ProjectPlace, name: string): Promise<ProjectEntry> {
  const text = (await readProjectFile(place.root)) ?? '{"mcpServers": {}}';
  const entry = parseProjectFile(text, place.environment).find((each) => each.name === name);
  if (entry !== undefined) return entry;
  const message = `${join(place.root, projectFileName)} has no server called ${name}`;
  throw new RpcError('not_found', message);
}

/** Keeps what somebody said to an entry, until the entry is another. */
export async function answerProjectEntry(
  { home, root }: ProjectPlace,
  { hash, name }: Pick<ProjectEntry, 'name' | 'hash'>,
  isGiven: boolean,
): Promise<void> {
  const path = consentsPath(home);
  const key = await realpath(root);
  await withFileLock(`${path}.lock`, async () => {
    const all = await readConsents(home);
    const changed: Consents = { ...all, [key]: { ...all[key], [name]: { hash, isGiven } } };
    await writeFileAtomically(path, `${JSON.stringify(changed, null, 2)}\n`, 0o600);
  });
}

function hubServer(entry: ProjectEntry, consent: Consents[string][string] | undefined): HubServer {
  const { hash, name, server } = entry;
  const base = { source: 'project' as const };
  if ('fault' in server) return { ...base, config: unusable(name), fault: server.fault };
  const reason = reasonToAsk(hash, consent);
  const needs = reason === undefined ? {} : { needsConsent: `${reason}: zeke mcp approve ${name}` };
  return { ...base, config: server, ...needs };
}

function reasonToAsk(hash: string, consent: Consents[string][string] | undefined) {
  if (consent === undefined) return `${projectFileName} asks for it, and nobody has agreed`;
  if (consent.hash !== hash) return `its entry in ${projectFileName} is another than was agreed to`;
  return consent.isGiven ? undefined : 'it was refused';
}

/** Stands for a server that cannot be told from what is written. */
function unusable(name: string): McpServerConfig {
  return {
    name,
    enabled: true,
    transport: 'stdio',
    command: '',
    args: [],
    env: {},
    protocol: 'auto',
    timeoutMs: 0,
    connectTimeoutMs: 0,
    maxResultBytes: 0,
    denyTools: [],
    trust: false,
  };
}

function consentsPath(home: string): string {
  return join(home, 'mcp', 'project-servers.json');
}

/** A file that is damaged counts as none: to be asked again is all that it takes. */
async function readConsents(home: string): Promise<Consents> {
  try {
    return consentsSchema.parse(await Bun.file(consentsPath(home)).json());
  } catch {
    return {};
  }
}
