import type { JsonValue } from '../../../codec/json-value.ts';
import { RpcError } from '../../../rpc-error.ts';
import { didYouMean } from '../../nearest.ts';
import { tokensOf } from './tokens.ts';

/** Values by name; `_` is the last answer. */
export type Variables = ReadonlyMap<string, JsonValue>;

/**
 * JSON with its variables put in: `$name`, `$name.field[0]` where a value stands, and `${name.field}`
 * also within a text, of which `$${` is the plain form.
 * @throws RpcError for a variable or a field that is not there.
 */
export function expandJson(text: string, variables: Variables): string {
  return tokensOf(text)
    .map((token) => {
      if (token.type === 'variable') return JSON.stringify(lookUpVariable(token.text, variables));
      if (token.type === 'comment') return '';
      if (token.type !== 'string') return token.text;
      return token.text.replaceAll(inText, (reference) => {
        if (reference.startsWith('$$')) return reference.slice(1);
        return JSON.stringify(plain(lookUpVariable(reference, variables))).slice(1, -1);
      });
    })
    .join('');
}

/** The same for plain text, such as the value of a header: `$name` and `${name}`. */
export function expandText(text: string, variables: Variables): string {
  return text.replaceAll(/\$\$|\$\{[^}]*\}|\$[A-Za-z_]\w*(?:\.\w+|\[\d+\])*/g, (reference) =>
    reference === '$$' ? '$' : plain(lookUpVariable(reference, variables)),
  );
}

const inText = /\$\$\{|\$\{[^}]*\}/g;

/**
 * The value of `$name.field[0]` or `${name.field[0]}`.
 * @throws RpcError not_found that says what there is.
 */
export function lookUpVariable(reference: string, variables: Variables): JsonValue {
  const [name = '', ...steps] = partsOf(reference);
  const known = variables.get(name);
  if (known === undefined) {
    const named = [...variables.keys()].filter((each) => each !== '_');
    const why =
      name === '_' ? ': there was no answer yet' : didYouMean(name, named) || ': set it with let';
    throw new RpcError('not_found', `there is no variable $${name}${why}`);
  }
  let value = known;
  let place = `$${name}`;
  for (const step of steps) {
    const inner = typeof value === 'object' && value !== null ? ownOf(value, step) : undefined;
    if (inner === undefined) throw noField(place, step, value);
    value = inner;
    place += /^\d+$/.test(step) ? `[${step}]` : `.${step}`;
  }
  return value;
}

/** Name, field, index, …: of a reference that may not be whole. */
export function partsOf(reference: string): string[] {
  return reference
    .replace(/^\$\{?/, '')
    .replace(/\}$/, '')
    .split(/[.[\]]+/)
    .filter((part, i) => part !== '' || i === 0);
}

function ownOf(value: object, step: string): JsonValue | undefined {
  return Object.hasOwn(value, step) ? (value as Record<string, JsonValue>)[step] : undefined;
}

function noField(place: string, step: string, value: JsonValue): RpcError {
  if (typeof value !== 'object' || value === null) {
    return new RpcError('not_found', `${place} is ${JSON.stringify(value)}, without fields`);
  }
  if (Array.isArray(value)) {
    const elements = value.length === 1 ? 'element' : 'elements';
    return new RpcError('not_found', `${place} has ${value.length} ${elements}, no [${step}]`);
  }
  const names = Object.keys(value);
  const hint = didYouMean(step, names) || (names.length > 0 ? `, it has ${names.join(', ')}` : '');
  return new RpcError('not_found', `${place} has no field ${step}${hint}`);
}

/** A text without its quotes, all else as JSON. */
function plain(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
