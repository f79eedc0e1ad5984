import {
  type Assignment,
  type Command,
  forEachChild,
  type ParameterExpansionPart,
  type ParsedScript,
  parse,
  type Redirect,
  type SyntaxNode,
  type Word,
} from 'unbash';
import { arithmeticNames, isNumber } from './arithmetic.ts';
import { bashOnly } from './bash-only.ts';
import { changeFolder, joinFolders, movesFolder } from './folders.ts';
import { runBuiltin } from './run-builtin.ts';
import type { Folders, PathAccess, ShellPart } from './shell-part.ts';
import { isKnown, readWord, readWords, showWords } from './shell-word.ts';
import { type Inner, unwrap } from './unwrap.ts';
import { isHarmlessVariable, isPowerfulVariable, nameOf, VariableNotes } from './variables.ts';

export interface ShellSetting {
  /** Absolute. */
  readonly cwd: string;
  /** What `~` is; undefined leaves it unknown. */
  readonly home?: string | undefined;
}

/** Over this a command line is not looked into. */
const maxCommandChars = 65_536;
const maxParts = 1_000;
/** Scripts in words of scripts: `bash -c "bash -c …"`. */
const maxNesting = 8;
/** Substitutions in substitutions. */
const maxDepth = 50;

/**
 * What a command line would do: every program that it could run, with its words, and every file that
 * it opens by a redirection, in the order they stand. Parts of conditions, loops, functions,
 * substitutions and scripts given as words (`bash -c`, `eval`, `xargs`, `find -exec`) are among them,
 * whether they would come to run or not. What is not understood is an `opaque` part. Never throws.
 */
export function walkShell(command: string, setting: ShellSetting): readonly ShellPart[] {
  if (command.length > maxCommandChars) {
    const reason = `it is over ${maxCommandChars} characters long`;
    return [{ kind: 'opaque', text: `${command.slice(0, 60)}…`, reason }];
  }
  if (command.includes('\0')) {
    return [{ kind: 'opaque', text: command.slice(0, 60), reason: 'it has a NUL byte in it' }];
  }
  const walk = new ShellWalk(setting);
  try {
    walk.script(command);
  } catch (error) {
    if (!(error instanceof TooMuch) && !(error instanceof RangeError)) throw error;
    const reason = 'it is too long or too deep to be looked into';
    return [...walk.finish(), { kind: 'opaque', text: command.slice(0, 60), reason }];
  }
  return walk.finish();
}

class TooMuch extends Error {}

/** The state of one look through a command line: what is found so far, and where it would stand by then. */
export class ShellWalk {
  cwds: Folders;
  readonly variables = new VariableNotes();
  /** Functions that are certain to be defined by now. */
  functions = new Set<string>();
  readonly #home: string | undefined;
  readonly #parts: ShellPart[] = [];
  #source = '';
  #nesting = 0;
  #depth = 0;
  /** What is visited may not come to run. */
  #isConditional = false;
  /** The script may run in a plain `sh`, to which some of bash's grammar means something else. */
  #isPosix = false;
  #isTest = false;
  /** What is visited is the body of a function; what such bodies call. */
  #isInBody = false;
  readonly #called = new Set<string>();
  /** The last `cd`, and where one stands after it if it worked. */
  #moved: { node: SyntaxNode; cwds: Folders } | undefined;

  constructor({ cwd, home }: ShellSetting) {
    this.cwds = [cwd];
    this.#home = home;
  }

  finish(): readonly ShellPart[] {
    const faults = this.variables.faults();
    return [...this.#parts, ...faults.map((fault) => ({ kind: 'opaque', ...fault }) as const)];
  }

  add(part: ShellPart): void {
    if (this.#parts.length >= maxParts) throw new TooMuch();
    this.#parts.push(part);
  }

  opaque(text: string, reason: string): void {
    this.add({ kind: 'opaque', text, reason });
  }

  /** A script in the text of a word, in this shell. */
  script(text: string): void {
    if (++this.#nesting > maxNesting) throw new TooMuch();
    const outer = this.#source;
    this.#source = text;
    this.visit(parse(text));
    this.#source = outer;
    this.#nesting -= 1;
  }

  /** A script in the text of a word, in a shell of its own. */
  ownShell(text: string, isPosix: boolean): void {
    const wasPosix = this.#isPosix;
    const functions = this.functions;
    this.#isPosix ||= isPosix;
    this.functions = new Set();
    this.apart(() => this.script(text));
    this.functions = functions;
    this.#isPosix = wasPosix;
  }

  /** What is done in a subshell moves nobody outside it. */
  apart(work: () => void): void {
    const { cwds } = this;
    const functions = new Set(this.functions);
    work();
    this.cwds = cwds;
    this.functions = functions;
  }

  word(word: Word): string {
    return readWord(word, (name) => this.#known(name));
  }

  #known(name: string): string | undefined {
    if (name === 'HOME') return this.#home;
    if (name === 'PWD' && this.cwds?.length === 1) return this.cwds[0];
    return undefined;
  }

  visit(node: SyntaxNode): void {
    if (this.#isPosix && bashOnly.has(node.type)) {
      this.opaque(this.#textOf(node), 'a plain sh reads this otherwise than bash does');
      return;
    }
    if (this.#visitCommands(node)) return;
    this.#noteExpansion(node);
    this.#visitChildren(node);
  }

  /** What decides which commands run, and where. False for all other nodes. */
  #visitCommands(node: SyntaxNode): boolean {
    switch (node.type) {
      case 'Script':
        this.#visitScript(node);
        return true;
      case 'Statement':
        if (node.background) this.#maybe(() => this.apart(() => this.visit(node.command)));
        else this.visit(node.command);
        return true;
      case 'AndOr':
        this.#visitAndOr(node.commands, node.operators);
        return true;
      case 'Pipeline':
        if (node.commands.length === 1) return false;
        for (const each of node.commands) this.apart(() => this.visit(each));
        return true;
      case 'Subshell':
      case 'CommandExpansion':
      case 'ArithmeticCommandExpansion':
      case 'ProcessSubstitution':
        if (node.type !== 'Subshell' && node.script === undefined) {
          this.opaque(this.#textOf(node), 'the substitution could not be read');
        }
        if (node.type === 'ProcessSubstitution' && !this.#standsAlone(node)) {
          this.opaque(node.text, 'it is joined to the word beside it');
        }
        this.apart(() => this.#visitChildren(node));
        return true;
      case 'If':
      case 'Case':
        this.#maybe(() => this.#visitChildren(node));
        return true;
      case 'While':
      case 'For':
      case 'Select':
      case 'ArithmeticFor':
        this.#visitLoop(node);
        return true;
      case 'Function':
        this.#visitFunction(node.name.value, node);
        return true;
      case 'Command':
        this.#visitCommand(node);
        return true;
      case 'Assignment':
        this.#visitAssignment(node);
        return true;
      case 'TestCommand': {
        const wasTest = this.#isTest;
        this.#isTest = true;
        this.#visitChildren(node);
        this.#isTest = wasTest;
        return true;
      }
      default:
        return false;
    }
  }

  /** What bash evaluates beside the commands that stand there. */
  #noteExpansion(node: SyntaxNode): void {
    switch (node.type) {
      case 'Redirect':
        this.#noteRedirect(node);
        break;
      case 'ParameterExpansion':
        this.#noteParameter(node);
        break;
      case 'ArithmeticExpansion':
        this.arithmetic(node.text.replace(/^\$(?:\(\(|\[)|(?:\)\)|\])$/g, ''));
        break;
      case 'ArithmeticCommand':
        this.arithmetic(node.body);
        break;
      case 'TestUnary':
        if (/^-[vR]$/.test(node.operator)) this.names([this.word(node.operand)], node.operator);
        break;
      case 'TestBinary':
        if (!/^-(?:eq|ne|lt|le|gt|ge)$/.test(node.operator)) break;
        this.arithmetic(node.left.text);
        this.arithmetic(node.right.text);
        break;
      case 'ExtendedGlob':
        if (!this.#isTest) this.opaque(node.text, 'bash reads this pattern in two ways');
        break;
      case 'FileDescriptorVariable':
        this.variables.assign(node.name, 'number');
        break;
      case 'Coproc':
        this.opaque(this.#textOf(node), 'a coprocess');
        break;
    }
  }

  /** A text that is evaluated as arithmetic. */
  arithmetic(text: string): void {
    const names = arithmeticNames(text);
    if (names === undefined) {
      this.opaque(text, 'arithmetic over text that is only known when it runs');
    }
    for (const name of names ?? []) {
      this.variables.evaluate(name);
      if (new RegExp(`\\b${name}\\b\\s*(?:[-+*/%&|^]|<<|>>)?=(?!=)`).test(text)) {
        this.variables.assign(name, 'number');
      }
    }
  }

  /** Names that a builtin evaluates, and sets where `value` says to what. */
  names(words: readonly string[], text: string, value?: 'number' | 'other'): void {
    for (const word of words) {
      if (!/^[A-Za-z_]\w*$/.test(word)) {
        this.opaque(text, `${showWords([word])} is evaluated, and is no plain name`);
        this.variables.assignAnything();
      } else if (value !== undefined) this.variables.assign(word, value);
    }
  }

  #visitScript(script: ParsedScript): void {
    if (++this.#depth > maxDepth) throw new TooMuch();
    const outer = this.#source;
    if (script.source !== undefined) this.#source = script.source;
    for (const { message, pos } of script.errors ?? []) {
      this.opaque(this.#source.slice(pos, pos + 40), `not valid here: ${message}`);
    }
    for (const statement of script.commands) this.visit(statement);
    this.#source = outer;
    this.#depth -= 1;
  }

  #visitChildren(node: SyntaxNode): void {
    forEachChild(node, (child) => this.visit(child));
  }

  #visitAndOr(commands: readonly SyntaxNode[], operators: readonly string[]): void {
    let all: Folders = [];
    for (const [at, command] of commands.entries()) {
      if (at === 0) this.visit(command);
      else this.#maybe(() => this.visit(command));
      all = joinFolders(all, this.cwds);
      const worked = operators[at] === '&&' && this.#moved?.node === command;
      this.cwds = worked ? this.#moved?.cwds : all;
    }
    this.cwds = all;
  }

  #maybe(work: () => void): void {
    const was = this.#isConditional;
    this.#isConditional = true;
    work();
    this.#isConditional = was;
  }

  #visitLoop(node: SyntaxNode): void {
    if (node.type === 'For' || node.type === 'Select') {
      const values = node.type === 'For' ? node.wordlist : undefined;
      const areNumbers = values?.every((each) => /^-?\d+$|^\{\d+\.\.\d+\}$/.test(each.text));
      this.names([node.name.value], this.#textOf(node), areNumbers ? 'number' : 'other');
    }
    if (node.type === 'ArithmeticFor') {
      for (const each of [node.initialize, node.test, node.update]) {
        if (each !== undefined) this.arithmetic(this.#textOf(each));
      }
    }
    // A second round begins where the first one ended.
    if (movesFolder(node)) this.cwds = undefined;
    this.#maybe(() => this.#visitChildren(node));
  }

  #visitFunction(name: string, node: SyntaxNode): void {
    const text = this.#textOf(node);
    if (this.#isPosix && text.startsWith('function')) {
      this.opaque(text, 'a plain sh reads this otherwise than bash does');
    }
    // Where it is called, and how often, is not followed.
    const moves = movesFolder(node);
    const { cwds } = this;
    this.cwds = undefined;
    const isSure = !this.#isConditional;
    const wasInBody = this.#isInBody;
    this.#isInBody = true;
    this.#maybe(() => this.#visitChildren(node));
    this.#isInBody = wasInBody;
    if (this.#called.has(name)) this.opaque(text, 'it may call itself without end');
    this.cwds = moves ? undefined : cwds;
    if (isSure && /^[\w.:-]+$/.test(name)) this.functions.add(name);
    else this.opaque(text, 'whether the function is defined depends on what happens');
  }

  #visitCommand(node: Command): void {
    const hasProgram = node.name !== undefined;
    forEachChild(node, (child) => {
      if (child.type === 'Assignment') this.#visitAssignment(child, hasProgram);
      else this.visit(child);
    });
    if (node.name === undefined) return;
    const text = this.#textOf(node);
    const words = [node.name, ...node.args].flatMap((each) =>
      each.type === 'Word'
        ? readWords(each, (name) => this.#known(name))
        : [this.#assignmentText(each)],
    );
    const assignments = node.prefix
      .filter((each) => each.type === 'Assignment')
      .map((each) => this.#assignmentText(each));
    const before = this.cwds;
    this.run(words, assignments, text);
    if (words[0] !== 'cd' || this.functions.has('cd')) return;
    this.#moved = { node, cwds: changeFolder(before, words.slice(1), this.#home) };
  }

  /** A program or builtin with its words; those it runs in its turn are followed. */
  run(words: readonly string[], assignments: readonly string[], text: string): void {
    const [name = ''] = words;
    if (this.#isInBody) this.#called.add(name);
    const unsafe = assignments.filter((each) => !isHarmlessVariable(nameOf(each)));
    const inner = this.functions.has(name) ? undefined : unwrap(words);
    if (!isKnown(name) || name === '') {
      this.opaque(text, 'which program it runs is only known when it runs');
    } else if (this.functions.has(name)) this.command(words, unsafe, text, true);
    else if (typeof inner === 'string') this.opaque(text, inner);
    else if (inner !== undefined) this.#runInner(inner, unsafe, text, name);
    else if (!runBuiltin(this, words, text)) {
      this.command(words, name === 'read' ? [] : unsafe, text);
      if (name !== 'cd') return;
      this.cwds = joinFolders(this.cwds, changeFolder(this.cwds, words.slice(1), this.#home));
    }
  }

  command(
    words: readonly string[],
    assignments: readonly string[],
    text: string,
    isOwnFunction = false,
  ): void {
    this.add({
      kind: 'command',
      text,
      words: [...assignments, ...words],
      assignments: assignments.length,
      cwds: this.cwds,
      isOwnFunction,
    });
  }

  #runInner(inner: Inner, assignments: readonly string[], text: string, wrapper: string): void {
    if (++this.#nesting > maxNesting) throw new TooMuch();
    for (const each of inner.assignments ?? []) this.variables.assign(nameOf(each), 'other');
    const own = (inner.assignments ?? []).filter((each) => !isHarmlessVariable(nameOf(each)));
    const unsafe = [...assignments, ...own];
    if (inner.itself !== undefined) this.command(inner.itself, unsafe, text);
    if (inner.script !== undefined) this.#runScript(wrapper, inner, unsafe, text);
    const { cwds, functions } = this;
    this.functions = new Set();
    if (inner.moves) this.cwds = undefined;
    for (const command of inner.commands ?? []) this.run(command, unsafe, text);
    this.functions = functions;
    if (!inShell.has(wrapper)) this.cwds = cwds;
    this.#nesting -= 1;
  }

  #runScript(wrapper: string, inner: Inner, assignments: readonly string[], text: string): void {
    const { script = '', isPosix = false } = inner;
    if (assignments.length > 0) this.command([], assignments, text);
    if (!isKnown(script)) this.opaque(text, 'the script is only known when it runs');
    else if (wrapper === 'eval') this.script(script);
    else this.ownShell(script, isPosix);
  }

  #assignmentText(node: Assignment): string {
    const value = node.value.type === 'Word' ? this.word(node.value) : '(…)';
    return `${node.name}${node.append ? '+' : ''}=${value}`;
  }

  /** `isForProgram`: it stands before a program, with which it is judged. */
  #visitAssignment(node: Assignment, isForProgram = false): void {
    const { name, value, index } = node;
    if (index !== undefined) this.#visitIndex(index);
    if (value.type === 'ArrayValue') {
      for (const { text } of value.elements) {
        const key = /^\[(.*?)\]\+?=/s.exec(text)?.[1];
        if (key !== undefined) this.arithmetic(key);
      }
    }
    if (isPowerfulVariable(name)) {
      if (!isForProgram) this.command([], [this.#assignmentText(node)], this.#textOf(node));
    } else if (value.type === 'Word' && isNumber(value)) this.variables.assign(name, 'number');
    else this.variables.assign(name, 'other');
    this.#visitChildren(node);
  }

  #visitIndex(index: Word): void {
    if (index.text !== '@' && index.text !== '*') this.arithmetic(index.text);
  }

  #noteParameter(node: ParameterExpansionPart): void {
    const { operation, prefix, index, parameter } = node;
    if (index !== undefined) this.#visitIndex(index);
    const listsNames = operation?.type === 'Names' || /^[@*]$/.test(index?.text ?? '');
    if (prefix === '!' && !listsNames) {
      this.opaque(node.text, 'the text of a variable is evaluated as a name');
    }
    if (operation?.type === 'Unknown') this.opaque(node.text, 'an expansion that is not known');
    if (operation?.type === 'Transform' && !/^[QUuLaAEKk]$/.test(operation.operand.text)) {
      this.opaque(node.text, 'commands in the text of a variable would run');
    }
    if (operation?.type === 'Slice') {
      this.arithmetic(operation.offset.text);
      if (operation.length !== undefined) this.arithmetic(operation.length.text);
    }
    if (operation?.type === 'Default' && operation.operator.endsWith('=')) {
      this.variables.assign(parameter, 'other');
    }
  }

  #noteRedirect(node: Redirect): void {
    const text = this.#textOf(node);
    const path = node.target === undefined ? '' : this.word(node.target);
    const isDuplicate = node.operator === '>&' || node.operator === '<&';
    if (isDuplicate && /^(?:\d+-?|-)$/.test(path)) return;
    if (node.operator === '<&' || path === '') this.opaque(text, 'what it opens is not known');
    if (/^\/dev\/(?:tcp|udp)\//.test(path)) this.opaque(text, 'it opens a connection');
    const access: readonly PathAccess[] =
      node.operator === '<' ? ['read'] : node.operator === '<>' ? ['read', 'write'] : ['write'];
    for (const each of access) {
      this.add({ kind: 'redirect', text, access: each, path, cwds: this.cwds });
    }
  }

  /** The parser makes words of their own of process substitutions; bash joins them to what they touch. */
  #standsAlone({ pos, end }: { readonly pos: number; readonly end: number }): boolean {
    const before = this.#source[pos - 1] ?? ' ';
    const after = this.#source[end] ?? ' ';
    return /[\s;|&(]/.test(before) && /[\s;|&)]/.test(after);
  }

  #textOf(node: { readonly pos: number; readonly end: number }): string {
    return this.#source.slice(node.pos, node.end);
  }
}

/** What these run, they run in the shell itself. */
const inShell: ReadonlySet<string> = new Set(['eval', 'command', 'builtin']);
