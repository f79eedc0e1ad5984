import { describe, expect, test } from 'bun:test';
import { fileSchema } from '../schema/file-schema.ts';
import { shopFolder, shopProto } from '../testing/shop-service.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { loadExamples } from './load-examples.ts';

const schema = await fileSchema({ proto: [shopProto], importPath: [shopFolder] });

describe('files of examples', () => {
  test('as tables of methods in YAML and JSON', async () => {
    await using folder = await temporaryFolder();
    const yaml = await folder.write(
      'shop.yaml',
      `# answers
Orders/GetOrder:
  - request: { id: 9007199254740993 }
    response: { id: 9007199254740993, customerName: Ada }
    delay: 1.5s
    header: { x-a: [1, two], x-b-bin: AQID }
  - error: NOT_FOUND
shop.v1.Orders.ListOrders:
  responses: [{ id: 1 }, { id: 2 }]
  interval: 10ms
  error: { code: 14, message: gone }
`,
    );
    const json = await folder.write('more.json', '{"Stock/Count": {"response": {"orders": 3}}}');
    const { examples, count, watched } = await loadExamples([yaml, json], schema);
    expect(count).toBe(4);
    expect(watched).toEqual([yaml, json]);
    const [first, second] = examples.get('/shop.v1.Orders/GetOrder') ?? [];
    expect(first).toMatchObject({ origin: `${yaml}:3`, delayMs: 1_500 });
    expect(first?.request).toEqual({ id: '9007199254740993' });
    expect(first?.responses).toMatchObject([{ id: 9007199254740993n }]);
    expect([...(first?.header ?? [])]).toEqual([
      ['x-a', '1'],
      ['x-a', 'two'],
      ['x-b-bin', new Uint8Array([1, 2, 3])],
    ]);
    expect(second?.error?.code).toBe('not_found');
    const [stream] = examples.get('/shop.v1.Orders/ListOrders') ?? [];
    expect(stream?.responses).toHaveLength(2);
    expect(stream?.intervalMs).toBe(10);
    expect(stream?.error).toMatchObject({ code: 'unavailable', message: 'gone' });
    expect(examples.get('/shop.v1.Stock/Count')).toHaveLength(1);
  });

  test('as a file for each method, in folders', async () => {
    await using folder = await temporaryFolder();
    await folder.write('shop.v1.Orders/GetOrder.json', '{"response": {"id": 1}}');
    await folder.write('deep/er/Stock.Count.yml', '- response: {}\n- response: { orders: 1 }\n');
    await folder.write('notes.txt', 'nothing to read');
    const { examples, count } = await loadExamples([folder.path], schema);
    expect(count).toBe(3);
    expect([...examples.keys()].sort()).toEqual([
      '/shop.v1.Orders/GetOrder',
      '/shop.v1.Stock/Count',
    ]);
  });
});

describe('what is wrong in them is told with its place', () => {
  const cases: [text: string, message: RegExp][] = [
    ['Orders/GetOrder: [', /x\.yaml:\d:\d+: /],
    ['Orders/GetOrder:\n  - {}', /x\.yaml:2: an example needs a response, responses or an error/],
    ['Orders/GetOrder:\n  - { id: 1 }', /x\.yaml:2: an example has no member id/],
    ['Orders/GetOrder: { respons: {} }', /did you mean response/],
    ['Orders/GetOrder: { response: { idd: 1 } }', /x\.yaml:1: response: idd: .* no field idd/],
    ['Orders/GetOrder: { response: { id: x } }', /x\.yaml:1: response: /],
    ['Orders/GetOrder: { responses: [{}] }', /GetOrder answers with one message/],
    ['Orders/ListOrders: { responses: {} }', /responses: it must be a list/],
    ['Orders/ListOrders: { responses: [{ id: x }] }', /responses\[0\]: /],
    ['Orders/GetOrder: { response: {}, error: unknown }', /not with both/],
    ['Orders/GetOrder: { error: nope }', /error: nope is no code/],
    ['Orders/GetOrder: { error: { message: x } }', /error\.code: it is missing/],
    ['Orders/GetOrder: { error: { code: aborted, details: [{}] } }', /error\.details\[0\]: /],
    ['Orders/GetOrder: { response: {}, delay: 5 }', /delay 5: write a time with its unit/],
    ['Orders/GetOrder: { response: {}, header: { "a b": c } }', /header: metadata name/],
    ['Orders/GetOrder: { request: { idd: 1 }, response: {} }', /request: idd/],
    ['Orders/GetOder: { response: {} }', /x\.yaml:1: .* did you mean GetOrder/],
    ['Orders/GetOrder: { response: {} }\nother: {}', /x\.yaml:2:1: "other" names no method/],
    ['response: {}', /x names no method.*the name of the file says for which method/],
    ['- 3', /must be a table/],
    [
      'Orders/GetOrder: { error: { code: aborted, details: [{ "@type": x/y.Z }] } }',
      /y\.Z is no type/,
    ],
    ['Orders/GetOrder: { error: { code: aborted, extra: 1 } }', /error: it has code, message/],
    ['Orders/GetOrder: { error: [] }', /error: it must be a code, or a table/],
    ['Orders/GetOrder: { response: {}, header: [] }', /header: it must be a table/],
  ];
  test.each(cases)('%p', async (text, message) => {
    await using folder = await temporaryFolder();
    const path = await folder.write(
      'x.yaml',
      text.startsWith('- 3') ? `Orders/Fail:\n  ${text}` : text,
    );
    expect(loadExamples([path], schema)).rejects.toThrow(message);
  });

  test('numbers, bytes and details of YAML are what protobuf means', async () => {
    await using folder = await temporaryFolder();
    const path = await folder.write(
      'x.yaml',
      `Orders/GetOrder:
  - response: { signature: !!binary AQID, discount: .nan, took: 1.5s }
  - error: { code: aborted, details: [{ "@type": t/shop.v1.Gift, wrapping: red }] }
`,
    );
    const { examples } = await loadExamples([path], schema);
    const [first, second] = examples.get('/shop.v1.Orders/GetOrder') ?? [];
    expect(first?.responses[0]).toMatchObject({
      signature: new Uint8Array([1, 2, 3]),
      discount: Number.NaN,
    });
    expect(second?.error?.details[0]).toMatchObject({ type: 'shop.v1.Gift' });
  });

  test('an empty file has none', async () => {
    await using folder = await temporaryFolder();
    const path = await folder.write('x.yaml', '# nothing yet\n');
    expect((await loadExamples([path], schema)).count).toBe(0);
  });

  test('and so are files that are not there', () => {
    expect(loadExamples(['/nowhere/x.yaml'], schema)).rejects.toThrow('there is no such file');
  });
});
