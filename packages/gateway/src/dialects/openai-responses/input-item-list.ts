import type { JsonObject } from '../dialect.ts';
import { invalid } from './errors.ts';

const defaultLimit = 20;
const maxLimit = 100;

/** The query of `GET /v1/responses/{id}/input_items`, as strings from the URL. */
export interface InputItemPage {
  limit?: string;
  order?: string;
  after?: string;
}

/**
 * A page of what was said to a model for a kept response, the last item first unless `order` is
 * `asc`. Items that came without an id get one by their place, the same every time. Throws
 * `invalid_argument` for a faulty limit or order, and for an id that is not in the list.
 * Source: https://developers.openai.com/api/reference/resources/responses/subresources/input_items
 */
export function inputItemList(
  responseId: string,
  input: readonly JsonObject[],
  page: InputItemPage,
): JsonObject {
  const limit = limitOf(page.limit);
  const items = input.map((item, place) => listedItem(item, responseId, place));
  if (isDescending(page.order)) items.reverse();
  const from = page.after === undefined ? 0 : placeOf(items, page.after) + 1;
  const data = items.slice(from, from + limit);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: from + limit < items.length,
  };
}

/** An item in full: a message may have come as a role and a text alone. */
function listedItem(
  item: JsonObject,
  responseId: string,
  place: number,
): JsonObject & { id: string } {
  const id = typeof item.id === 'string' ? item.id : `item_${responseId}_${place}`;
  const type = item.type ?? 'message';
  if (type !== 'message') return { ...item, id, type };
  const content = typeof item.content === 'string' ? [textOf(item, item.content)] : item.content;
  return { status: 'completed', ...item, id, type, content };
}

function textOf({ role }: JsonObject, text: string): JsonObject {
  return role === 'assistant'
    ? { type: 'output_text', text, annotations: [] }
    : { type: 'input_text', text };
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return defaultLimit;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxLimit) return limit;
  throw invalid(`limit: expected a whole number from 1 to ${maxLimit}`, 'limit');
}

function isDescending(order: string | undefined): boolean {
  if (order === undefined || order === 'desc') return true;
  if (order === 'asc') return false;
  throw invalid('order: expected asc or desc', 'order');
}

function placeOf(items: readonly { id: string }[], id: string): number {
  const place = items.findIndex((item) => item.id === id);
  if (place >= 0) return place;
  throw invalid(`after: no item has the id ${id.slice(0, 100)}`, 'after');
}
