import { isWithin } from '../project/resolve-path.ts';
import type { PathAccess } from './shell/shell-part.ts';
import { globbedText } from './shell/shell-word.ts';

/** Why a path asks in every mode, unless a rule names `part` of it. */
export interface Protection {
  /** The name in the path that a rule has to name. */
  readonly part: string;
  readonly reason: string;
}

/**
 * Files that hold secrets, and those that decide what runs later outside the sandbox. `path` is absolute
 * and resolved; it may end in names with `globbedText`.
 */
export function protectionOf(
  path: string,
  access: PathAccess,
  root: string,
): Protection | undefined {
  const inside = isWithin(root, path) ? path.slice(root.length) : path;
  const parts = inside.split('/');
  const secret = parts.find((part) => holdsSecrets(part));
  if (secret !== undefined) return { part: secret, reason: `${secret} may hold secrets` };
  if (access === 'read') return undefined;
  const decides = parts.find((part) => runsLater.has(part.toLowerCase()));
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

const runsLater = new Set(['.git', '.zeke', '.mcp.json', '.envrc', '.vscode', '.idea', '.husky']);
