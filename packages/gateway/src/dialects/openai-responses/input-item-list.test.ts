import { expect, test } from 'bun:test';
import { inputItemList } from './input-item-list.ts';

const input = [
  { role: 'user', content: 'one' },
  { role: 'assistant', content: 'two' },
  { type: 'function_call', id: 'fc_1', call_id: 'c', name: 'f', arguments: '{}' },
];

test('items are whole: a type, an id that stays the same, and their content as parts', () => {
  const list = inputItemList('resp_1', input, { order: 'asc' });
  expect(list).toEqual({
    object: 'list',
    data: [
      {
        id: 'item_resp_1_0',
        type: 'message',
        role: 'user',
        status: 'completed',
        content: [{ type: 'input_text', text: 'one' }],
      },
      {
        id: 'item_resp_1_1',
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'two', annotations: [] }],
      },
      input[2],
    ],
    first_id: 'item_resp_1_0',
    last_id: 'fc_1',
    has_more: false,
  });
});

test('the last comes first unless asked otherwise, and a page goes on after an id', () => {
  const idsOf = (page: Parameters<typeof inputItemList>[2]) => {
    const { data, has_more } = inputItemList('r', input, page) as {
      data: { id: string }[];
      has_more: boolean;
    };
    return [...data.map(({ id }) => id), has_more];
  };
  expect(idsOf({ limit: '2' })).toEqual(['fc_1', 'item_r_1', true]);
  expect(idsOf({ limit: '2', after: 'item_r_1' })).toEqual(['item_r_0', false]);
  expect(idsOf({ order: 'asc', after: 'fc_1' })).toEqual([false]);
});

test.each([
  [{ limit: '0' }, 'limit'],
  [{ limit: '101' }, 'limit'],
  [{ limit: 'x' }, 'limit'],
  [{ order: 'up' }, 'order'],
  [{ after: 'nope' }, 'after'],
])('%p is refused', (page, param) => {
  expect(() => inputItemList('r', input, page)).toThrow(new RegExp(`^${param}: `));
});
