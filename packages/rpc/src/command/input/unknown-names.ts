import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';
import { maxJsonDepth } from '../../codec/json-fault.ts';
import type { JsonValue } from '../../codec/json-value.ts';
import { wellKnownJson } from '../../codec/well-known-json.ts';
import { RpcError } from '../../rpc-error.ts';
import { didYouMean } from '../nearest.ts';

/**
 * Looks for fields that a message does not have, and values that an enum does not have, to say which
 * was meant. All else that may be wrong is left to the mapping.
 * @throws RpcError invalid_argument with the path, and the nearest names or all.
 */
export function checkNames(desc: DescMessage, json: JsonValue): void {
  checkMessage(desc, json, '', 0);
}

function checkMessage(desc: DescMessage, json: JsonValue, path: string, depth: number): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return;
  if (wellKnownJson(desc.typeName) !== undefined || depth > maxJsonDepth) return;
  for (const [name, value] of Object.entries(json)) {
    const at = path === '' ? name : `${path}.${name}`;
    const field = desc.fields.find((each) => each.jsonName === name || each.name === name);
    if (field !== undefined) checkField(field, value, at, depth);
    else if (!name.startsWith('[')) throw unknownField(desc, name, at);
  }
}

function checkField(field: DescField, json: JsonValue, path: string, depth: number): void {
  switch (field.fieldKind) {
    case 'message':
      checkMessage(field.message, json, path, depth + 1);
      return;
    case 'enum':
      checkEnum(field.enum, json, path);
      return;
    case 'list':
      if (!Array.isArray(json)) return;
      for (const [i, value] of json.entries()) checkValue(field, value, `${path}[${i}]`, depth);
      return;
    case 'map':
      if (typeof json !== 'object' || json === null || Array.isArray(json)) return;
      for (const [key, value] of Object.entries(json)) {
        checkValue(field, value, `${path}[${JSON.stringify(key)}]`, depth);
      }
      return;
    case 'scalar':
      return;
  }
}

function checkValue(
  field: DescField & { fieldKind: 'list' | 'map' },
  json: JsonValue,
  path: string,
  depth: number,
): void {
  if (field.message !== undefined) checkMessage(field.message, json, path, depth + 1);
  else if (field.enum !== undefined) checkEnum(field.enum, json, path);
}

function checkEnum(desc: DescEnum, json: JsonValue, path: string): void {
  if (typeof json !== 'string') return;
  const names = desc.values.map(({ name }) => name);
  if (names.includes(json)) return;
  const hint = didYouMean(json, names) || `, it has ${names.slice(0, maxListed).join(', ')}`;
  throw new RpcError(
    'invalid_argument',
    `${path}: the enum ${desc.typeName} has no value ${json}${hint}`,
  );
}

/** More names than these do not help. */
const maxListed = 20;

function unknownField(desc: DescMessage, name: string, path: string): RpcError {
  const names = desc.fields.map(({ jsonName }) => jsonName);
  const all =
    names.length === 0 ? ', it has none' : `, it has ${names.slice(0, maxListed).join(', ')}`;
  const hint = didYouMean(name, names) || all;
  return new RpcError(
    'invalid_argument',
    `${path}: the message ${desc.typeName} has no field ${name}${hint}`,
  );
}
