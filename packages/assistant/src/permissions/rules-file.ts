import { RpcError } from '@zeke/rpc';
import { type AST, ParseError, parseTOML } from 'toml-eslint-parser';
import { type PermissionMode, permissionModes } from './mode.ts';
import { parseRule, type Rule, type RuleVerdict } from './rule.ts';

/** What one file says about permissions: `permissions.toml` of the user or of a project. */
export interface RulesFile {
  readonly mode?: PermissionMode;
  readonly rules: readonly Rule[];
  readonly sandbox: SandboxSettings;
}

/** The table `[sandbox]`. What is absent is not said. */
export interface SandboxSettings {
  /** `auto`: where it works. `required`: without it no command runs. */
  readonly use?: 'auto' | 'required' | 'off';
  /** Commands reach the network. */
  readonly network?: boolean;
  /** Folders outside the project that commands may write to: absolute, or from `~/`. */
  readonly writable?: readonly string[];
  /** Names of environment variables that commands get although they look like secrets. */
  readonly environment?: readonly string[];
}

/** In bytes. */
export const maxRulesFileBytes = 262_144;
const maxRules = 2_000;

/**
 * Reads the text of a file of rules. Throws `failed_precondition` with every fault and its line; `file`
 * is its name there.
 */
export function readRulesFile(text: string, file: string): RulesFile {
  const reader = new RulesReader(file);
  try {
    reader.readBody(parseTOML(text).body[0].body, '');
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    reader.fault(error.lineNumber, `not valid TOML: ${error.message}`);
  }
  if (reader.rules.length > maxRules) reader.fault(1, `over ${maxRules} rules`);
  if (reader.faults.length > 0) {
    throw new RpcError('failed_precondition', reader.faults.join('\n'));
  }
  return { ...reader.settings, rules: reader.rules, sandbox: reader.sandbox };
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

class RulesReader {
  readonly rules: Rule[] = [];
  readonly faults: string[] = [];
  readonly settings: { mode?: PermissionMode } = {};
  readonly sandbox: Writable<SandboxSettings> = {};
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  fault(line: number, message: string): void {
    this.faults.push(`${this.#file}:${line} ${message}`);
  }

  readBody(body: readonly (AST.TOMLKeyValue | AST.TOMLTable)[], prefix: string): void {
    for (const node of body) {
      if (node.type === 'TOMLTable') {
        this.readBody(node.body, `${node.resolvedKey.join('.')}.`);
        continue;
      }
      const names = node.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value));
      const key = prefix + names.join('.');
      if (node.value.type === 'TOMLInlineTable') this.readBody(node.value.body, `${key}.`);
      else this.#readKey(key, node.value, node.loc.start.line);
    }
  }

  #readKey(key: string, value: AST.TOMLContentNode, line: number): void {
    switch (key) {
      case 'allow':
      case 'ask':
      case 'deny':
        this.#readRules(key, value, line);
        break;
      case 'mode': {
        const mode = permissionModes.find((each) => each === textOf(value));
        if (mode !== undefined) this.settings.mode = mode;
        else this.fault(line, `mode: one of ${permissionModes.join(', ')}`);
        break;
      }
      case 'sandbox.use': {
        const use = (['auto', 'required', 'off'] as const).find((each) => each === textOf(value));
        if (use !== undefined) this.sandbox.use = use;
        else this.fault(line, 'sandbox.use: one of auto, required, off');
        break;
      }
      case 'sandbox.network':
        if (value.type === 'TOMLValue' && value.kind === 'boolean') {
          this.sandbox.network = value.value;
        } else this.fault(line, 'sandbox.network: true or false');
        break;
      case 'sandbox.writable':
        this.sandbox.writable = this.#readTexts(
          key,
          value,
          line,
          /^(?:\/|~\/)(?!.*(?:^|\/)\.\.(?:\/|$))/,
          {
            wanted: 'folders, each from / or ~/ and without ".."',
          },
        );
        break;
      case 'sandbox.environment':
        this.sandbox.environment = this.#readTexts(key, value, line, /^[A-Za-z_]\w*$/, {
          wanted: 'names of environment variables',
        });
        break;
      default:
        this.fault(
          line,
          `${key}: no such key: there are mode, allow, ask, deny and [sandbox] use, network, writable, environment`,
        );
    }
  }

  #readRules(verdict: RuleVerdict, value: AST.TOMLContentNode, line: number): void {
    if (value.type !== 'TOMLArray') {
      this.fault(line, `${verdict}: a list of rules, as in ${verdict} = ["shell(npm test *)"]`);
      return;
    }
    for (const element of value.elements) {
      const at = element.loc.start.line;
      const text = textOf(element);
      const subject = text === undefined ? 'a rule is a text' : parseRule(text);
      if (text === undefined || typeof subject === 'string') {
        this.fault(at, `${verdict}: ${String(subject)}`);
        continue;
      }
      const origin = { kind: 'file', file: this.#file, line: at } as const;
      this.rules.push({ verdict, text: text.trim(), subject, origin });
    }
  }

  #readTexts(
    key: string,
    value: AST.TOMLContentNode,
    line: number,
    pattern: RegExp,
    { wanted }: { readonly wanted: string },
  ): string[] {
    const texts = value.type === 'TOMLArray' ? value.elements.map(textOf) : [undefined];
    const found = texts.filter((text) => text !== undefined && pattern.test(text));
    if (found.length < texts.length) this.fault(line, `${key}: a list of ${wanted}`);
    return found.filter((text) => text !== undefined);
  }
}

function textOf(node: AST.TOMLContentNode): string | undefined {
  return node.type === 'TOMLValue' && node.kind === 'string' ? node.value : undefined;
}
