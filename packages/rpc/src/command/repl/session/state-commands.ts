import type { JsonValue } from '../../../codec/json-value.ts';
import { RpcError } from '../../../rpc-error.ts';
import { formatJson } from '../../format/format-message.ts';
import { parseJson } from '../../input/parse-json.ts';
import { formatMetadata, parseMetadata } from '../../metadata.ts';
import type { Candidate } from '../editor/line-editor.ts';
import { highlightJson } from '../language/highlight.ts';
import { expandJson, expandText, lookUpVariable } from '../language/templates.ts';
import { startCall } from './call-commands.ts';
import type { ReplCommand } from './command.ts';
import { isSecret } from './secrets.ts';
import type { Session } from './session.ts';
import { settingOption, settingOptions } from './settings.ts';

/** Variables of one session. */
const maxVariables = 1_000;

export const letCommand: ReplCommand = {
  name: 'let',
  usage: '<name> = <value>',
  summary: 'keep a value under a name',
  details: `The value is JSON, with variables in it, or the answer of a call.

  let token = "abc"
  let id = $_.id
  let order = Orders/Get {"id": 7}`,
  async run(session, rest) {
    const [, name, value = ''] = /^\$?([A-Za-z_]\w*)\s*=\s*([\s\S]*)$/.exec(rest) ?? [];
    if (name === undefined || name === '_') throw wrong('write it as let name = value');
    if (!session.variables.has(name) && session.variables.size >= maxVariables) {
      throw new RpcError('resource_exhausted', `there are ${maxVariables} variables already`);
    }
    if (/^[\w.]+\/\w/.test(value)) {
      session.variables.delete('_');
      const failure = await startCall(session, value);
      if (failure !== undefined) return failure;
      if (session.call !== undefined) throw wrong('the answer of an open stream is not there yet');
      session.variables.set(name, lookUpVariable('$_', session.variables));
      return undefined;
    }
    const piece = { text: expandJson(value, session.variables), line: 1, column: 1 };
    session.variables.set(name, parseJson(piece, 'the value'));
    return undefined;
  },
};

export const varsCommand: ReplCommand = {
  name: 'vars',
  usage: '',
  summary: 'show all variables',
  isKept: false,
  async run({ variables, view }) {
    if (variables.size === 0) view.note('there are no variables: set one with let');
    for (const [name, value] of variables) {
      const shown = isSecret(name) ? view.styles.dim('secret') : json(value, false, view);
      await view.result(`${view.styles.bold(view.styles.yellow(`$${name}`))} = ${shown}`);
    }
  },
};

/** `$name.field` alone. */
export const showCommand: ReplCommand = {
  name: '$',
  usage: '',
  summary: 'show a value',
  isKept: false,
  async run({ variables, view }, rest) {
    await view.result(json(lookUpVariable(rest, variables), view.isInteractive, view));
  },
};

export const unsetCommand: ReplCommand = {
  name: 'unset',
  usage: '<name>',
  summary: 'forget a variable',
  run({ variables }, rest) {
    const name = rest.replace(/^\$/, '');
    if (!variables.delete(name)) throw new RpcError('not_found', `there is no variable $${name}`);
  },
  complete: ({ variables }, [word = '']) => names(variables.keys(), word),
};

export const headerCommand: ReplCommand = {
  name: 'header',
  usage: '[add|set|remove|clear …]',
  summary: 'show or change the metadata of calls',
  details: `  header add x-tenant 7
  header set authorization Bearer $token     never written to a file
  header remove x-tenant`,
  async run(session, rest) {
    const { headers, view } = session;
    const [, action = 'list', name = '', value = ''] =
      /^(\S+)(?:\s+(\S+))?(?:\s+([\s\S]+))?$/.exec(rest) ?? [];
    if (action === 'list') {
      if (headers.size === 0) view.note('there are no headers: add one with header add name value');
      for (const line of formatMetadata(headers)) await view.result(hidden(line));
      return;
    }
    if (action === 'clear') {
      for (const [each] of headers) headers.delete(each);
    } else if (action === 'remove') {
      if (!headers.has(name)) throw new RpcError('not_found', `there is no header ${name}`);
      headers.delete(name);
    } else if (action === 'add' || action === 'set') {
      if (value === '') throw wrong(`write it as header ${action} name value`);
      const plainName = name.replace(/:$/, '');
      const added = parseMetadata([`${plainName}: ${expandText(value, session.variables)}`]);
      if (action === 'set') headers.delete(plainName);
      for (const [each, content] of added) headers.append(each, content);
    } else throw wrong(`header ${action}: say add, set, remove or clear`);
    await session.reloadSchema();
  },
  complete({ headers }, words) {
    const [action = '', name] = words;
    if (name === undefined) return names(['add', 'set', 'remove', 'clear'], action);
    if (action === 'remove') return names(new Set([...headers].map(([each]) => each)), name);
    return words.length === 2 ? names(usualHeaders, name) : [];
  },
};

const usualHeaders = ['authorization', 'x-api-key', 'x-request-id', 'traceparent'];

export const setCommand: ReplCommand = {
  name: 'set',
  usage: '[option [value]]',
  summary: 'show or change how the session behaves',
  details: Object.entries(settingOptions)
    .map(
      ([name, { summary, values }]) => `  ${`${name} ${values.join('|')}`.padEnd(26)} ${summary}`,
    )
    .join('\n'),
  async run({ settings, view }, rest) {
    const [name = '', value] = rest.split(/\s+/);
    if (name !== '' && value !== undefined) {
      settingOption(name).write(settings, value);
      return;
    }
    const shown = name === '' ? Object.keys(settingOptions) : [name];
    for (const each of shown) await view.result(`${each} ${settingOption(each).read(settings)}`);
  },
  complete(_session, [name = '', value]) {
    if (value === undefined) {
      return names(Object.keys(settingOptions), name).map((each) => ({
        ...each,
        hint: settingOptions[each.text]?.summary ?? '',
      }));
    }
    return names(settingOptions[name]?.values ?? [], value);
  },
};

/** Those that begin so. */
function names(all: Iterable<string>, written: string): Candidate[] {
  return [...all].filter((each) => each.startsWith(written)).map((text) => ({ text }));
}

/** `authorization: secret` */
function hidden(line: string): string {
  const [name = ''] = line.split(':', 1);
  return isSecret(name) ? `${name}: secret` : line;
}

function json(value: JsonValue, pretty: boolean, { styles }: Session['view']): string {
  return highlightJson(formatJson(value, pretty), styles);
}

function wrong(message: string): RpcError {
  return new RpcError('invalid_argument', message);
}
