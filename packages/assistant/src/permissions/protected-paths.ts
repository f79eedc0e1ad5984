import { basename, join } from 'node:path';
import { isWithin } from '../project/resolve-path.ts';
import { openInZekeHome, secretsInHome } from './secret-places.ts';
import type { PathAccess } from './shell/shell-part.ts';
import { globbedText } from './shell/shell-word.ts';

/** Why a path asks in every mode, unless a rule names `part` of it. */
export interface Protection {
  /** The name in the path that a rule has to name. */
  readonly part: string;
  readonly reason: string;
}

/** Folders that decide what is protected: absolute. */
export interface ProtectedSetting {
  readonly root: string;
  readonly home?: string | undefined;
  readonly zekeHome?: string | undefined;
}

/**
 * Files that hold secrets, and those that decide what runs later outside the sandbox. `path` is absolute
 * and resolved; it may end in names with `globbedText`. What is only taken away runs no more.
 */
export function protectionOf(
  path: string,
  access: PathAccess,
  setting: ProtectedSetting,
  destroys = false,
): Protection | undefined {
  const { root } = setting;
  const isInside = isWithin(root, path);
  const parts = (isInside ? path.slice(root.length) : path).split('/');
  const secret =
    parts.find((part) => holdsSecrets(part)) ??
    (isInside ? undefined : secretAround(path, setting));
  if (secret !== undefined) return { part: secret, reason: `${secret} may hold secrets` };
  if (access === 'read') return undefined;
  const decides = parts.find(
    (part) => runsLater.has(part.toLowerCase()) || (installed.has(part) && !destroys),
  );
  if (decides === undefined) return undefined;
  return { part: decides, reason: `what stands in ${decides} decides what runs later` };
}

function holdsSecrets(name: string): boolean {
  const lower = name.toLowerCase();
  if (name.includes(globbedText)) return name.startsWith('.') || secretName.test(lower);
  return secretName.test(lower) && !/\.(?:example|sample|template|dist|pub)$/.test(lower);
}

const secretName =
  /^\.env(?:$|[.\uE001-])|^\.(?:netrc|npmrc|pypirc|git-credentials|htpasswd|pgpass|vault-token)$|^\.(?:ssh|gnupg|aws|azure|kube|docker)$|^id_(?:rsa|dsa|ecdsa|ed25519)|\.(?:pem|p12|pfx|jks|keystore|kdbx)$/;

/** The name of what it lies in: credentials in the home folder, zeke's own, the memory of a process. */
function secretAround(path: string, { home, zekeHome }: ProtectedSetting): string | undefined {
  if (/^\/proc\/\d/.test(path)) return 'proc';
  if (zekeHome !== undefined && isWithin(zekeHome, path)) {
    const isOpen = openInZekeHome.some((name) => isWithin(join(zekeHome, name), path));
    return isOpen ? undefined : basename(zekeHome);
  }
  if (home === undefined) return undefined;
  const place = secretsInHome.find((name) => isWithin(join(home, name), path));
  return place === undefined ? undefined : basename(place);
}

/** What programs outside the sandbox read and act on: git, zeke and other agents, editors, shells. In small letters. */
export const runsLater: ReadonlySet<string> = new Set([
  ...['.git', '.gitconfig', '.gitmodules', '.husky', '.envrc'],
  ...['.zeke', '.mcp.json', '.claude', '.claude.json', '.codex', '.gemini', '.cursor'],
  ...['.vscode', '.idea', '.ripgreprc'],
  ...['.profile', '.bashrc', '.bash_profile', '.bash_login', '.bash_logout', '.bash_aliases'],
  ...['.zshrc', '.zshenv', '.zprofile', '.zlogin', '.zlogout'],
]);

/** Programs of others, which language servers run: they come by installing. */
const installed: ReadonlySet<string> = new Set(['node_modules', '.venv', 'venv']);
