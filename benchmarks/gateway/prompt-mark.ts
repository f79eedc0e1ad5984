/** What the emulator does with a request: the mark at the beginning of its prompt says so. */
export const behaviours = ['whole', 'burst', 'paced', 'refused', 'raced', 'held'] as const;
export type Behaviour = (typeof behaviours)[number];

/** Whether it answers with a stream. */
export function isStreamed(behaviour: Behaviour): boolean {
  return behaviour === 'burst' || behaviour === 'paced' || behaviour === 'held';
}

/** What a prompt says to the emulator. */
export interface PromptMark {
  behaviour: Behaviour;
  /** Of the request, by which generator and emulator speak of the same; 0 where nobody asks. */
  number: number;
}

const start = '[emulate:';
const digits = 8;

/** The mark in ASCII, of the same length for every number below 10^8. */
export function promptMark({ behaviour, number }: PromptMark): string {
  return `${start}${behaviour}#${String(number).padStart(digits, '0')}]`;
}

/** The mark in a request's body; undefined where there is none. */
export function readPromptMark(body: Buffer): PromptMark | undefined {
  const from = body.indexOf(start) + start.length;
  if (from < start.length) return undefined;
  const [name, number] = body.toString('latin1', from, body.indexOf(']', from)).split('#');
  const behaviour = behaviours.find((known) => known === name);
  return behaviour && { behaviour, number: Number(number) };
}

/** A copy of a request with another number in its mark. Throws where there is none. */
export function numbered(request: Buffer, number: number): Buffer {
  const mark = request.indexOf(start);
  const at = request.indexOf('#', mark) + 1;
  if (mark < 0 || at === 0) throw new Error('the request has no mark');
  const copy = Buffer.from(request);
  copy.write(String(number).padStart(digits, '0'), at, 'latin1');
  return copy;
}
