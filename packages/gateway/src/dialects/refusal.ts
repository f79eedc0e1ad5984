import { Refusal } from '../neutral/api-error.ts';

type Fields = Pick<Refusal, 'dialect' | 'status' | 'headers' | 'body' | 'isShaped'>;

/** The failed answer that an error was read of, for its details; none with a status that can't be sent on. */
export function refusalOf(fields: Fields): { refusal?: Refusal } {
  const { status } = fields;
  return status >= 400 && status < 600 ? { refusal: new Refusal(fields) } : {};
}
