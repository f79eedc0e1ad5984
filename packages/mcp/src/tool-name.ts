/** The longest name of a tool that all providers of models take, in characters. */
export const maxToolNameChars = 64;

const hashChars = 8;
const separator = '__';

/** A tool of a server, both as the server's own side calls them. */
export interface ToolAddress {
  readonly server: string;
  readonly tool: string;
}

/**
 * The names of tools under one roof, in the order of `tools`: `server__tool`, of letters, digits, `_` and `-`, at
 * most 64 characters. Where names would be the same, or are too long, they end in a hash of both parts: so
 * a name depends on no order, and who the tool belongs to can be read from its beginning.
 */
export function toolNames(tools: readonly ToolAddress[]): string[] {
  const plain = tools.map(({ server, tool }) => `${serverPrefix(server)}${clean(tool)}`);
  const counts = new Map<string, number>();
  for (const name of plain) counts.set(name, (counts.get(name) ?? 0) + 1);
  return plain.map((name, index) => {
    const address = tools[index];
    const fits = counts.get(name) === 1 && name.length <= maxToolNameChars;
    return fits || address === undefined ? name : withHash(name, address);
  });
}

/** What the names of all tools of a server begin with. It has no `__` but at its end. */
export function serverPrefix(server: string): string {
  const name = clean(server).replace(/_+/g, '_').replace(/^_|_$/g, '');
  return `${name || 'server'}${separator}`;
}

function clean(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]/g, '_');
}

function withHash(name: string, { server, tool }: ToolAddress): string {
  const hash = new Bun.CryptoHasher('sha256').update(`${server}\0${tool}`).digest('hex');
  return `${name.slice(0, maxToolNameChars - hashChars - 1)}_${hash.slice(0, hashChars)}`;
}
