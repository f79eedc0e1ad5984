/**
 * A text of at most about `maxLength` UTF-16 units: its head and its tail, with a line between them that
 * says how much is left out; as it is where it is short enough. No pair of surrogates is torn.
 */
export function cutText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const headLength = Math.ceil((maxLength * 2) / 3);
  const headEnd = boundary(text, headLength);
  const tailStart = boundary(text, text.length - (maxLength - headLength));
  const left = tailStart - headEnd;
  return `${text.slice(0, headEnd)}\n[… ${left} characters left out here …]\n${text.slice(tailStart)}`;
}

function boundary(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at + 1 : at;
}
