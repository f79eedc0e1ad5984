import { createHash } from 'node:crypto';
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { RpcError } from '@zeke/rpc';
import { readConfined } from '../extensions/extension-files.ts';
import { changeDecisions, decisionsPath, readDecisions } from '../permissions/project-decisions.ts';
import type { Project } from '../project/project.ts';
import type { LoadedHooks } from './hook.ts';
import { type ReadHooks, readHooks } from './read-hooks.ts';

export interface HooksPlace {
  readonly project: Project;
  /** `$ZEKE_HOME`: `hooks.json` there is the user's, and what was trusted is kept there. */
  readonly zekeHome: string;
}

/** Where a project has its hooks, from its root, and the scripts that they run. */
const hooksFile = '.zeke/hooks.json';
const scriptsFolder = '.zeke/hooks';
/** Scripts of a project's hooks, which trust is about, too. */
const maxScripts = 100;
const none: ReadHooks = { hooks: [], faults: [] };

/**
 * Reads the user's hooks, and those of the project with whether they are trusted. Never throws for what
 * stands in files: faults are told. Throws `data_loss` where it cannot be read what was trusted.
 */
export async function loadHooks({ project, zekeHome }: HooksPlace): Promise<LoadedHooks> {
  const { root } = project;
  const [user, own] = await Promise.all([
    readConfined(join(zekeHome, 'hooks.json'), undefined),
    // The project may be the user's home folder: that file is the user's.
    isSame(join(root, '.zeke'), zekeHome).then((same) =>
      same ? absent : readConfined(join(root, hooksFile), root),
    ),
  ]);
  const users = readFile(user, 'user', '$ZEKE_HOME/hooks.json');
  const projects = readFile(own, 'project', hooksFile);
  const faults = [...users.faults, ...projects.faults];
  if (!('text' in own) || projects.hooks.length === 0) {
    return { user: users.hooks, project: [], hash: undefined, isTrusted: false, faults };
  }
  const scripts = await hashScripts(root);
  if (scripts === undefined) {
    faults.push(`${hooksFile} is not used: what stands in ${scriptsFolder} cannot be read whole`);
    return { user: users.hooks, project: [], hash: undefined, isTrusted: false, faults };
  }
  const hash = createHash('sha256').update(own.text).update('\0').update(scripts).digest('hex');
  const { trustedHooks } = await readDecisions(decisionsPath(zekeHome, root), root);
  const isTrusted = hash === trustedHooks;
  return { user: users.hooks, project: projects.hooks, hash, isTrusted, faults };
}

/** From now on the project's hooks run, as long as they are what `hash` stands for; undefined: no more. */
export async function trustHooks(
  { project, zekeHome }: HooksPlace,
  hash: string | undefined,
): Promise<void> {
  const path = decisionsPath(zekeHome, project.root);
  await changeDecisions(path, project.root, ({ trustedHooks: _, ...decisions }) =>
    hash === undefined ? decisions : { ...decisions, trustedHooks: hash },
  );
}

type Read = Awaited<ReturnType<typeof readConfined>>;

const absent: Read = { why: 'ENOENT' };

function readFile(read: Read, origin: 'user' | 'project', shown: string): ReadHooks {
  if ('text' in read) {
    const { faults, hooks } = readHooks(read.text, origin);
    return { hooks, faults: faults.map((fault) => `${shown}: ${fault}`) };
  }
  if (read.why === 'ENOENT' || read.why === 'ENOTDIR') return none;
  return { hooks: [], faults: [`${shown}: ${read.why}`] };
}

async function isSame(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all(
    [one, other].map((path) => realpath(path).catch(() => path)),
  );
  return first === second;
}

/** Names and texts of all scripts; undefined where one of them cannot be read. */
async function hashScripts(root: string): Promise<string | undefined> {
  const folder = join(root, scriptsFolder);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => error,
  );
  if (entries instanceof Error) return entries.code === 'ENOENT' ? '' : undefined;
  const files = entries.filter((entry) => !entry.isDirectory());
  if (files.length > maxScripts) return undefined;
  const hash = createHash('sha256');
  for (const path of files.map(({ name, parentPath }) => join(parentPath, name)).toSorted()) {
    const read = await readConfined(path, root);
    if (!('text' in read)) return undefined;
    hash.update(`${path.slice(root.length)}\0${read.text.length}\0${read.text}`);
  }
  return hash.digest('hex');
}

/** What is agreed to, in the words of the file. Throws `not_found` where a project has no hooks. */
export function hashToTrust({ faults, hash }: LoadedHooks): string {
  if (hash !== undefined) return hash;
  const why = faults.find((fault) => fault.startsWith(hooksFile)) ?? `there is no ${hooksFile}`;
  throw new RpcError('not_found', `there are no hooks to trust: ${why}`);
}
