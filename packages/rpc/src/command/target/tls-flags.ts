import { readFile } from 'node:fs/promises';
import { RpcError } from '../../rpc-error.ts';
import { fileFault } from '../file-fault.ts';
import type { Target } from './target.ts';

export interface TlsFlags {
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly insecure?: boolean;
}

/** What TLS is told, in PEM texts; absent for what the transport decides. */
export interface TlsSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
}

/** Whether a connection to this target is encrypted. */
function usesTls(target: Target): boolean {
  switch (target.kind) {
    case 'unix':
    case 'shared-memory':
      return false;
    case 'grpc-unix':
      return target.tls;
    case 'quic':
    case 'grpc-h3':
      return true;
    default:
      return /^(https|wss):/i.test(target.url);
  }
}

/**
 * Reads the files that the flags name.
 * @throws RpcError invalid_argument for flags that contradict each other or the target, and for files
 *   that hold no PEM; not_found for files that are not there.
 */
export async function readTls(flags: TlsFlags, target: Target): Promise<TlsSettings> {
  const { cacert, cert, key, serverName } = flags;
  const given = flagNames.filter((name) => flags[name] !== undefined && flags[name] !== false);
  const [first] = given;
  if (first !== undefined && !usesTls(target)) {
    const advice =
      target.kind === 'unix' || target.kind === 'shared-memory' ? 'leave it out' : 'add --tls';
    throw wrong(`${dashed(first)} is for TLS, which ${target.name} has not: ${advice}`);
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw wrong('--cert and --key belong together: the one is nothing without the other');
  }
  if (flags.insecure && cacert !== undefined) {
    throw wrong('--insecure believes every certificate: leave it or --cacert out');
  }
  return {
    ...(cacert === undefined ? {} : { ca: await readPem('--cacert', cacert, 'CERTIFICATE') }),
    ...(cert === undefined ? {} : { cert: await readPem('--cert', cert, 'CERTIFICATE') }),
    ...(key === undefined ? {} : { key: await readPem('--key', key, 'PRIVATE KEY') }),
    ...(serverName === undefined ? {} : { serverName }),
  };
}

const flagNames = ['cacert', 'cert', 'key', 'serverName', 'insecure'] as const;

async function readPem(flag: string, path: string, label: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw fileFault(`${flag} ${path}`, cause);
  });
  if (new RegExp(`-----BEGIN (?:\\w+ )?${label}-----`).test(text)) return text;
  throw wrong(`${flag} ${path}: the file holds no "BEGIN ${label}", it must be PEM`);
}

function dashed(name: (typeof flagNames)[number]): string {
  return name === 'serverName' ? '--server-name' : `--${name}`;
}

function wrong(message: string): RpcError {
  return new RpcError('invalid_argument', message);
}
