/** Where a part's content stands in the bytes of a form, and its headers. */
export interface FormPart {
  readonly head: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The parts of a multipart form, in order; none where the content type has no boundary. Source: RFC 7578, and
 * RFC 2046 section 5.1 for where parts begin and end.
 */
export function formParts(body: Buffer, contentType: string): FormPart[] {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (!boundary) return [];
  const delimiter = `\r\n--${boundary}`;
  const parts: FormPart[] = [];
  let at = body.indexOf(delimiter.slice(2));
  while (at >= 0) {
    const headEnd = body.indexOf('\r\n\r\n', at);
    if (headEnd < 0) break;
    const start = headEnd + 4;
    const found = body.indexOf(delimiter, headEnd + 2);
    const end = found < 0 ? body.length : Math.max(found, start);
    parts.push({ head: body.toString('latin1', at, headEnd), start, end });
    at = found < 0 ? -1 : found + 2;
  }
  return parts;
}
