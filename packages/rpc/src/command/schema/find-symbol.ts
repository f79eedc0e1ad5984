import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { dynamicMessageType } from '../../codec/dynamic.ts';
import type { Idempotency, MethodInfo, MethodKind } from '../../core/method.ts';
import { RpcError } from '../../rpc-error.ts';
import { didYouMean } from '../nearest.ts';
import type { Schema } from './schema.ts';

/**
 * The method that a text names: `package.Service/Method` or `package.Service.Method`. The package
 * may be left out where one service fits; the first letter of the method may have either case.
 * @throws RpcError not_found with the nearest names, invalid_argument for what names no method.
 */
export async function findMethod(schema: Schema, text: string): Promise<DescMethod> {
  const [, serviceName, name] = /^\/?([\w.]*\w)[./](\w+)$/.exec(text) ?? [];
  if (!/\w\/\w/.test(text)) await refuseService(schema, text.replaceAll('/', ''));
  if (serviceName === undefined || name === undefined) {
    throw new RpcError(
      'invalid_argument',
      `${text} names no method: write it as package.Service/Method`,
    );
  }
  const service = await findService(schema, serviceName);
  const method = methodOf(service, name);
  if (method !== undefined) return method;
  const names = service.methods.map((each) => each.name);
  const known = names.length === 0 ? ', it has none' : `, it has ${names.join(', ')}`;
  throw new RpcError(
    'not_found',
    `${service.typeName} has no method ${name}${didYouMean(name, names) || known}`,
  );
}

/** @throws RpcError invalid_argument with the methods of what is a service. */
async function refuseService(schema: Schema, text: string): Promise<void> {
  const names = await schema.services();
  const fitting = names.filter((each) => each === text || each.endsWith(`.${text}`));
  const found = fitting.length === 1 ? await schema.lookUp(fitting[0] ?? '') : undefined;
  if (found?.kind !== 'service') return;
  const methods = found.methods.map(({ name }) => `${text}/${name}`);
  throw new RpcError(
    'invalid_argument',
    `${text} is a service: say which method${listed(methods)}`,
  );
}

/** The method of this name, whose first letter may have either case. */
export function methodOf(service: DescService, name: string): DescMethod | undefined {
  const exact = service.methods.find((method) => method.name === name);
  return exact ?? service.methods.find((method) => lowerFirst(method.name) === lowerFirst(name));
}

/**
 * The service of this name, whose package may be left out where one service fits.
 * @throws RpcError not_found with the nearest names, invalid_argument where several fit.
 */
export async function findService(schema: Schema, name: string): Promise<DescService> {
  const exact = await schema.lookUp(name);
  if (exact?.kind === 'service') return exact;
  const names = await schema.services();
  const fitting = names.filter((each) => each.endsWith(`.${name}`));
  if (fitting.length > 1) {
    throw new RpcError(
      'invalid_argument',
      `several services are called ${name}: say which of ${fitting.join(', ')}`,
    );
  }
  const [full] = fitting;
  const found = full === undefined ? undefined : await schema.lookUp(full);
  if (found?.kind === 'service') return found;
  if (full !== undefined || names.includes(name)) {
    throw new RpcError(
      'not_found',
      `${schema.origin} lists the service ${full ?? name} and has no descriptor of it: describe it with --proto`,
    );
  }
  const hint = didYouMean(name, names) || listed(names);
  throw new RpcError('not_found', `${schema.origin} has no service ${name}${hint}`);
}

/** The method as calls need it. */
export function methodInfoOf(method: DescMethod): MethodInfo {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    name: method.name,
    kind: kinds[method.methodKind],
    idempotency: idempotencies[method.idempotency],
    input: dynamicMessageType(method.input),
    output: dynamicMessageType(method.output),
    deprecated: method.deprecated,
  };
}

const kinds: Readonly<Record<DescMethod['methodKind'], MethodKind>> = {
  unary: 'unary',
  client_streaming: 'client-stream',
  server_streaming: 'server-stream',
  bidi_streaming: 'bidi-stream',
};

const idempotencies: Readonly<Record<MethodOptions_IdempotencyLevel, Idempotency>> = {
  [MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN]: 'unknown',
  [MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS]: 'no-side-effects',
  [MethodOptions_IdempotencyLevel.IDEMPOTENT]: 'idempotent',
};

/** More names than these do not help. */
const maxListed = 10;

function listed(names: readonly string[]): string {
  if (names.length === 0) return ', it has none';
  const more = names.length > maxListed ? ` and ${names.length - maxListed} more` : '';
  return `, it has ${names.slice(0, maxListed).join(', ')}${more}`;
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
