import type { EditActions, KeyMap, Outcome } from './edit-actions.ts';
import { handleKey } from './emacs-keys.ts';
import type { Key } from './key-parser.ts';
import { lineEnd, lineStart, type TextRange } from './motions.ts';
import { nextOffset, previousOffset } from './text-width.ts';
import { applyOperator, simpleCommands } from './vi-commands.ts';
import { type Motion, motionOf, type Parsed, parseCommand, textObjectOf } from './vi-grammar.ts';

/** The keys of vi: it begins with writing, Escape leads to commands. */
export function viKeys(): KeyMap {
  return new ViKeys();
}

/** Keys of emacs that vi's insertion does not have. */
const notInInsertion = /^(?:meta-|ctrl-[abefknpxy_]$)/;
/** A count or a command that is longer is a mistake. */
const maxPending = 16;

class ViKeys implements KeyMap {
  #mode: 'insert' | 'normal' = 'insert';
  /** Keys of a command that is not whole. */
  #pending = '';
  /** The keys of the change that runs, and of the last one, for `.`. */
  #recording: Key[] | undefined;
  #lastChange: readonly Key[] = [];
  #isRepeating = false;
  #lastFind: Motion | undefined;

  get cursor(): 'bar' | 'block' {
    return this.#mode === 'insert' ? 'bar' : 'block';
  }

  begin(): void {
    this.#mode = 'insert';
    this.#pending = '';
    this.#recording = undefined;
  }

  handle(key: Key, actions: EditActions): Outcome {
    // A terminal sends Escape and a key after it at once as one with Meta.
    const [, behindEscape] = /^meta-(.)$/.exec(key.name) ?? [];
    if (behindEscape !== undefined) {
      this.handle({ name: 'escape', text: '' }, actions);
      return this.handle({ name: behindEscape, text: behindEscape }, actions);
    }
    this.#recording?.push(key);
    return this.#mode === 'insert' ? this.#insert(key, actions) : this.#normal(key, actions);
  }

  #insert(key: Key, actions: EditActions): Outcome {
    if (key.name === 'escape' || key.name === 'ctrl-[') {
      this.#mode = 'normal';
      this.#endChange();
      const { buffer } = actions;
      const start = lineStart(buffer.text, buffer.cursor);
      buffer.moveTo(Math.max(start, previousOffset(buffer.text, buffer.cursor)));
      return 'done';
    }
    if (notInInsertion.test(key.name)) return 'unbound';
    return handleKey(key, actions);
  }

  #normal(key: Key, actions: EditActions): Outcome {
    if (key.text === '') return this.#special(key, actions);
    if (this.#recording === undefined && !this.#isRepeating) this.#recording = [key];
    this.#pending += key.text;
    const parsed = parseCommand(this.#pending);
    if (parsed === 'incomplete' && this.#pending.length <= maxPending) return 'done';
    this.#pending = '';
    if (typeof parsed === 'string') {
      this.#recording = undefined;
      return 'unbound';
    }
    const before = actions.buffer.text;
    const outcome = this.#run(parsed, actions);
    const isChange = actions.buffer.text !== before && !/^(?:u|\.)$/.test(parsed.name);
    if (this.#hasInsertion()) return outcome;
    if (isChange) this.#endChange();
    else this.#recording = undefined;
    this.#keepOnLine(actions);
    return outcome;
  }

  /** Keys that write nothing mean what they do everywhere. */
  #special(key: Key, actions: EditActions): Outcome {
    this.#pending = '';
    this.#recording = undefined;
    if (key.name === 'escape') return 'done';
    if (key.name === 'paste') return 'unbound';
    if (key.name === 'backspace') return handleKey({ name: 'left', text: '' }, actions);
    if (key.name === 'ctrl-r') {
      return actions.buffer.redo() ? 'done' : 'search';
    }
    const outcome = handleKey(key, actions);
    this.#keepOnLine(actions);
    return outcome;
  }

  #run(parsed: Parsed, actions: EditActions): Outcome {
    if (parsed.name === '.') return this.#repeat(actions);
    if (parsed.kind === 'operator') return this.#operate(parsed, actions);
    if (parsed.kind === 'motion') {
      const motion = this.#motion(parsed);
      const to = motion?.(actions.buffer.text, actions.buffer.cursor, parsed.count);
      if (to !== undefined) actions.buffer.moveTo(to.offset);
      return to === undefined && /^[jk]$/.test(parsed.name) ? this.#history(parsed.name) : 'done';
    }
    const result = simpleCommands[parsed.name]?.(actions, parsed.count, parsed.argument);
    if (result === 'insert') this.#mode = 'insert';
    else if (result !== undefined) return result;
    return 'done';
  }

  #operate(parsed: Parsed & { kind: 'operator' }, actions: EditActions): Outcome {
    const range = this.#rangeOf(parsed, actions);
    if (range === undefined) return 'done';
    if (applyOperator(parsed.operator, range, actions) === 'insert') this.#mode = 'insert';
    return 'done';
  }

  #rangeOf(
    parsed: Parsed & { kind: 'operator' },
    { buffer }: EditActions,
  ): { readonly range: TextRange; readonly isLinewise: boolean } | undefined {
    const { text, cursor } = buffer;
    if (parsed.name === 'line') {
      let to = lineEnd(text, cursor);
      for (let left = parsed.count; left > 1 && to < text.length; left--)
        to = lineEnd(text, to + 1);
      return { range: [lineStart(text, cursor), to], isLinewise: true };
    }
    if (parsed.isTextObject) {
      const range = textObjectOf(parsed.name, text, cursor);
      return range && { range, isLinewise: false };
    }
    // `cw` on a word leaves the blanks behind it.
    const isWord =
      /^[wW]$/.test(parsed.name) && parsed.operator === 'c' && /\S/.test(text[cursor] ?? '');
    const named = isWord ? { ...parsed, name: parsed.name === 'w' ? 'e' : 'E' } : parsed;
    const to = this.#motion(named)?.(text, cursor, parsed.count);
    if (to === undefined) return undefined;
    const [from, end] = to.offset < cursor ? [to.offset, cursor] : [cursor, to.offset];
    if (to.isLinewise)
      return { range: [lineStart(text, from), lineEnd(text, end)], isLinewise: true };
    const behind = to.isInclusive ? nextOffset(text, end) : end;
    // `dw` on the last word of a line leaves the next line where it is.
    const crosses = /^[wW]$/.test(named.name) && parsed.count === 1 && behind > lineEnd(text, from);
    return { range: [from, crosses ? lineEnd(text, from) : behind], isLinewise: false };
  }

  #motion(parsed: Pick<Parsed, 'name' | 'argument'>): Motion | undefined {
    const { name, argument } = parsed;
    if (name === ';') return this.#lastFind;
    if (name === ',') return this.#lastFind?.reversed;
    const motion = motionOf(name, argument);
    if (/^[fFtT]$/.test(name)) this.#lastFind = motion;
    return motion;
  }

  #history(name: string): Outcome {
    return name === 'k' ? 'older' : 'newer';
  }

  #repeat(actions: EditActions): Outcome {
    this.#recording = undefined;
    this.#isRepeating = true;
    for (const key of this.#lastChange) this.handle(key, actions);
    this.#isRepeating = false;
    return 'done';
  }

  #endChange(): void {
    if (this.#recording !== undefined && !this.#isRepeating) this.#lastChange = this.#recording;
    this.#recording = undefined;
  }

  #hasInsertion(): boolean {
    return this.#mode === 'insert';
  }

  /** The cursor of commands stands on a character, not behind the last. */
  #keepOnLine({ buffer }: EditActions): void {
    const { text, cursor } = buffer;
    if (cursor !== lineEnd(text, cursor) || cursor === lineStart(text, cursor)) return;
    buffer.moveTo(previousOffset(text, cursor));
  }
}
