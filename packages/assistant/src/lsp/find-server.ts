import { access, constants, realpath, stat } from 'node:fs/promises';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { readBoundedFile } from '@zeke/foundation';
import type { Project } from '../project/project.ts';
import { isWithin } from '../project/resolve-path.ts';
import { extensionOf, type LanguageServerSpec } from './language-server-spec.ts';

/** A server that is there for a file. */
export interface FoundServer {
  readonly spec: LanguageServerSpec;
  /** The program's absolute path, links not followed, and its arguments. */
  readonly command: readonly [program: string, ...string[]];
  /** Where it starts: the project's root or a folder below it. */
  readonly root: string;
  /**
   * Starting it runs what the project brings along: the program itself lies in the project, or the
   * server runs the project's compiler or build scripts.
   */
  readonly runsProjectCode: boolean;
}

export interface FindServerOptions {
  readonly specs: readonly LanguageServerSpec[];
  readonly project: Project;
  /** Folders in which programs are looked for, as the variable `PATH` has them. */
  readonly searchPath: string;
}

/**
 * Servers for a file that are on this machine, the best first: those of the project, as in a
 * `node_modules/.bin` between the file and the root, before those on the path. A file outside the project has none.
 */
export async function findServers(
  path: string,
  options: FindServerOptions,
): Promise<FoundServer[]> {
  const { specs, project, searchPath } = options;
  if (!isWithin(project.root, path)) return [];
  const fitting = specsFor(path, specs);
  const own: FoundServer[] = [];
  const others: FoundServer[] = [];
  for (const spec of fitting) {
    const root = await rootFor(spec, path, project);
    for (const program of await programs(spec, path, project, searchPath)) {
      const isOwn = isWithin(project.root, program) || isWithin(project.root, await real(program));
      (isOwn ? own : others).push({
        spec,
        command: [program, ...spec.command.slice(1)],
        root,
        runsProjectCode: isOwn || spec.runsProjectCode === true,
      });
    }
  }
  return [...own, ...others];
}

/** Servers that would be for a file, whether they are there or not. */
export function specsFor(path: string, specs: readonly LanguageServerSpec[]): LanguageServerSpec[] {
  const extension = extensionOf(path);
  return specs.filter(({ extensions }) => extensions.includes(extension));
}

async function programs(
  spec: LanguageServerSpec,
  path: string,
  project: Project,
  searchPath: string,
): Promise<string[]> {
  const [program] = spec.command;
  const places = program.includes('/')
    ? [isAbsolute(program) ? program : join(project.root, program)]
    : [
        ...foldersUp(path, project.root).map((folder) => join(folder, 'node_modules/.bin')),
        // A relative folder would be another one for each working directory.
        ...searchPath.split(delimiter).filter(isAbsolute),
      ].map((folder) => join(folder, program));
  const found: string[] = [];
  for (const place of new Set(places)) {
    if ((await isProgram(place)) && (await isOfPackage(place, spec.package))) found.push(place);
  }
  return found;
}

async function rootFor(spec: LanguageServerSpec, path: string, project: Project): Promise<string> {
  const markers = spec.rootMarkers ?? [];
  for (const folder of foldersUp(path, project.root)) {
    for (const marker of markers) {
      if (await stat(join(folder, marker)).catch(() => undefined)) return folder;
    }
  }
  return project.root;
}

/** From the folder that a file is in up to the root, both with them. */
function foldersUp(path: string, root: string): string[] {
  const folders: string[] = [];
  for (let folder = dirname(path); isWithin(root, folder); folder = dirname(folder)) {
    folders.push(folder);
    if (folder === root) break;
  }
  return folders;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Whether the nearest package.json around a program, links followed, says that it is that package. */
async function isOfPackage(
  program: string,
  needed: LanguageServerSpec['package'],
): Promise<boolean> {
  if (needed === undefined) return true;
  let folder = dirname(await real(program));
  while (folder !== dirname(folder)) {
    const path = join(folder, 'package.json');
    const text = await readBoundedFile(path, maxManifestBytes).catch(() => undefined);
    if (text !== undefined) return isAtLeast(text.toString(), needed);
    folder = dirname(folder);
  }
  return false;
}

/** Of a `package.json`. */
const maxManifestBytes = 1_000_000;

function isAtLeast(packageJson: string, needed: { name: string; atLeast: number }): boolean {
  try {
    const { name, version } = JSON.parse(packageJson) as { name?: unknown; version?: unknown };
    return name === needed.name && Number.parseInt(String(version), 10) >= needed.atLeast;
  } catch {
    return false;
  }
}

async function real(path: string): Promise<string> {
  return await realpath(path).catch(() => path);
}
