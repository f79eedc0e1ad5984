import { expect, test } from 'bun:test';
import { SimilarWindows } from './similar-windows.ts';

const filler = Array.from({ length: 200 }, (_, at) => `unrelated${at}();`).join('\n');
const alike = 'const invoice = loadInvoice(customer);\nsendReminder(invoice, customer);';

test('of each document the piece with most names in common, the most alike document first', () => {
  const windows = new SimilarWindows();
  const documents = [
    { path: 'none.ts', text: filler },
    { path: 'some.ts', text: `${filler}\nloadInvoice(customer, reminder);` },
    { path: 'most.ts', text: `${filler}\n${alike}\n${filler}` },
  ];
  const prefix =
    'function remind(customer) {\n  const invoice = loadInvoice(customer);\n  sendReminder(';
  const found = windows.find(prefix, documents);
  expect(found.map(({ path }) => path)).toEqual(['most.ts']);
  expect(found[0]?.text).toContain(alike);
  expect(found[0]?.text.split('\n')).toHaveLength(40);
  expect(windows.find(prefix, documents)).toEqual(found);
  expect(windows.find('', documents)).toEqual([]);
});
