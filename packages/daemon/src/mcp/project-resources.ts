import { watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  type ReadResourceResult,
  type Resource,
  ResourceNotFoundError,
} from '@modelcontextprotocol/server';
import { type Project, resolvePath } from '@zeke/assistant';
import { mcpError, type ServedResources } from '@zeke/mcp';

/** Files that are listed. */
export const maxListedFiles = 2_000;
/** The largest file that is read as a resource, in bytes. */
const maxResourceBytes = 5 * 1024 * 1024;
/** How long a file has to be quiet before its watchers are told of a change, in milliseconds. */
const settleMs = 50;

/** The files of a project, as `file://`: those that git knows or would take, or else all. */
export function projectResources(
  project: Project,
  listFiles: (project: Project) => Promise<readonly string[]>,
): ServedResources {
  return {
    list: async () => {
      const paths = await listFiles(project);
      return paths.slice(0, maxListedFiles).map(
        (path): Resource => ({
          uri: pathToFileURL(`${project.root}/${path}`).href,
          name: path,
          ...mimeTypeOf(path),
        }),
      );
    },
    read: async (uri) => await read(uri, await placeOf(uri, project)),
    subscribe: async (uri, _caller, changed) => follow(await placeOf(uri, project), changed),
  };
}

/** The file that an address means, which has to be in the project, links followed. */
async function placeOf(uri: string, project: Project): Promise<string> {
  let path: string;
  try {
    path = fileURLToPath(uri);
  } catch {
    throw new ResourceNotFoundError(uri);
  }
  const resolved = await resolvePath({ project, cwd: project.root }, path);
  if (!resolved.isInside) {
    throw mcpError('denied', `${uri}: it is outside of the project ${project.root}`);
  }
  const found = await stat(resolved.path).catch(() => undefined);
  if (!found?.isFile()) throw new ResourceNotFoundError(uri);
  if (found.size <= maxResourceBytes) return resolved.path;
  throw mcpError('denied', `${uri}: ${found.size} bytes; at most ${maxResourceBytes} are read`);
}

async function read(uri: string, path: string): Promise<ReadResourceResult> {
  await using file = await open(path, 'r');
  const bytes = Buffer.alloc(maxResourceBytes);
  const { bytesRead } = await file.read(bytes, 0, maxResourceBytes, 0);
  const content = bytes.subarray(0, bytesRead);
  const type = mimeTypeOf(path);
  if (isText(content)) return { contents: [{ uri, ...type, text: content.toString('utf8') }] };
  return { contents: [{ uri, ...type, blob: content.toString('base64') }] };
}

/** The folder is watched, not the file: programs put a new file in the place of the old one. */
function follow(path: string, changed: () => void): () => void {
  const name = path.slice(path.lastIndexOf('/') + 1);
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(path.slice(0, path.lastIndexOf('/')) || '/', (_event, file) => {
    if (file !== name) return;
    clearTimeout(timer);
    timer = setTimeout(changed, settleMs);
  });
  watcher.on('error', () => watcher.close());
  return () => {
    clearTimeout(timer);
    watcher.close();
  };
}

function isText(bytes: Buffer): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function mimeTypeOf(path: string): { mimeType?: string } {
  if (extname(path) === '') return {};
  const type = Bun.file(path).type.split(';')[0];
  return type === undefined || type === 'application/octet-stream' ? {} : { mimeType: type };
}
