import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { nearest } from '@zeke/foundation';
import { z } from 'zod';
import { type AgentDefinition, ownAgents } from '../agent/agent-definition.ts';
import { permissionModes } from '../permissions/mode.ts';
import type { Project } from '../project/project.ts';
import { type ExtensionFile, type ExtensionRoot, readExtensionFiles } from './extension-files.ts';
import type { Extensions, Skill, SlashCommand } from './extensions.ts';
import { type FrontMatter, readFrontMatter } from './front-matter.ts';

/** Of what is said of an agent, a command or a skill, in characters, as Agent Skills have it. */
const maxDescriptionLength = 1024;
const namePattern = /^[a-z0-9][a-z0-9_-]{0,63}$/;

const description = z
  .string({ error: 'say in a line what it is for' })
  .trim()
  .min(1, { error: 'say in a line what it is for' })
  .max(maxDescriptionLength);
const word = z.string().trim().min(1).max(200);

const agentHead = z.strictObject({
  description,
  tools: z.array(word).max(200).optional(),
  read_only: z.boolean().optional(),
});
const commandHead = z.strictObject({
  description: description.optional(),
  agent: word.optional(),
  mode: z.enum(permissionModes).optional(),
  model: word.optional(),
});
/** Others of its keys are for other programs (agentskills.io/specification). */
const skillHead = z.object({ name: word.optional(), description });

export interface LoadExtensionsOptions {
  /** `$ZEKE_HOME` */
  readonly zekeHome: string;
  readonly project: Project;
  /** Tools that agents may name, beside those of MCP servers, which have `__` in them. */
  readonly toolNames: readonly string[];
}

/**
 * Reads what stands in `agents`, `commands` and `skills` of `$ZEKE_HOME` and of the project's `.zeke`, as it is
 * now. Where both have a name, the user's counts. Never throws: faults are told, and files with one left out.
 */
export async function loadExtensions(options: LoadExtensionsOptions): Promise<Extensions> {
  const roots = await rootsOf(options);
  const faults: string[] = [];
  const agentOf = (file: ExtensionFile) => toAgent(file, options.toolNames);
  return {
    agents: await readKind(roots, { kind: 'agents', faults, read: agentOf }),
    commands: await readKind(roots, { kind: 'commands', faults, read: toCommand }),
    skills: await readKind(roots, { kind: 'skills', entry: 'SKILL.md', faults, read: toSkill }),
    faults,
  };
}

async function rootsOf({
  project,
  zekeHome,
}: LoadExtensionsOptions): Promise<readonly ExtensionRoot[]> {
  const user: ExtensionRoot = { origin: 'user', folder: zekeHome, shown: '$ZEKE_HOME' };
  const folder = join(project.root, '.zeke');
  const [home, own] = await Promise.all([resolved(zekeHome), resolved(folder)]);
  // The project may be the user's home folder.
  if (home === own) return [user];
  return [user, { origin: 'project', folder, shown: '.zeke', within: project.root }];
}

async function resolved(folder: string): Promise<string> {
  return await realpath(folder).catch(() => folder);
}

/** What a file says, or what is wrong with it: `line` counts from 1. */
type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly line: number; readonly message: string };

interface Kind<T> {
  readonly kind: string;
  readonly entry?: string;
  readonly faults: string[];
  readonly read: (file: ExtensionFile) => Read<T>;
}

async function readKind<T>(
  roots: readonly ExtensionRoot[],
  { kind, entry, faults, read }: Kind<T>,
): Promise<readonly T[]> {
  const found = new Map<string, { readonly value: T; readonly shown: string }>();
  for (const root of roots) {
    const { files, faults: unread } = await readExtensionFiles(root, kind, entry);
    faults.push(...unread);
    for (const file of files) {
      const { name, shown } = file;
      const other = found.get(name);
      const result = namePattern.test(name) ? read(file) : badName;
      if (!result.ok) faults.push(`${shown}:${result.line} ${result.message}`);
      else if (other !== undefined) faults.push(`${shown} is not used: ${other.shown} counts`);
      else found.set(name, { value: result.value, shown });
    }
  }
  return [...found.values()].map(({ value }) => value);
}

const badName = {
  ok: false,
  line: 1,
  message: 'its name is of small letters, digits, - and _, at most 64 of them',
} as const;

function toAgent(
  { name, text }: ExtensionFile,
  toolNames: readonly string[],
): Read<AgentDefinition> {
  const read = withBody(readFrontMatter(text, agentHead));
  if (!read.ok) return read;
  if (ownAgents.some((agent) => agent.name === name)) {
    return { ok: false, line: 1, message: `${name} is an agent of zeke's own: take another name` };
  }
  const { head, body } = read;
  const unknown = head.tools?.find((tool) => !tool.includes('__') && !toolNames.includes(tool));
  if (unknown !== undefined) {
    const [near] = nearest(unknown, toolNames);
    const meant = near === undefined ? '' : `: did you mean ${near}?`;
    return { ok: false, line: 1, message: `tools: there is no tool ${unknown}${meant}` };
  }
  const isReadOnly = head.read_only ?? false;
  const definition = { name, description: head.description, prompt: body, isReadOnly };
  return { ok: true, value: { ...definition, ...(head.tools && { tools: head.tools }) } };
}

function toCommand({ name, origin, text }: ExtensionFile): Read<SlashCommand> {
  if (name === 'help')
    return { ok: false, line: 1, message: 'help lists all commands: take another name' };
  const read = withBody(readFrontMatter(text, commandHead));
  if (!read.ok) return read;
  const { body, head } = read;
  const line = body.split('\n', 1)[0] ?? '';
  return {
    ok: true,
    value: { ...head, name, origin, body, description: head.description ?? line },
  };
}

function toSkill({ name, path, text }: ExtensionFile): Read<Skill> {
  const read = withBody(readFrontMatter(text, skillHead));
  if (!read.ok) return read;
  const { body, head } = read;
  if (head.name !== undefined && head.name !== name) {
    return { ok: false, line: 1, message: `name: it is ${head.name}, but its folder is ${name}` };
  }
  return { ok: true, value: { name, description: head.description, folder: dirname(path), body } };
}

function withBody<Head>(
  read: FrontMatter<Head>,
): Extract<FrontMatter<Head>, { ok: true }> | Extract<Read<never>, { ok: false }> {
  if (!read.ok) return { ok: false, ...read.fault };
  if (read.body !== '') return read;
  return { ok: false, line: 1, message: 'there is nothing below the head' };
}
