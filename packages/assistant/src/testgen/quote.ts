/** A text as one word of bash. */
export function quote(text: string): string {
  return /^[\w./=:,@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
