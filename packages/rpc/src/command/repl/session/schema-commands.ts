import { allServices, methodLine, printDescribed } from '../../describe/describe-schema.ts';
import { exampleMessage } from '../../describe/example-message.ts';
import { ProtoText } from '../../describe/proto-text.ts';
import { formatJson } from '../../format/format-message.ts';
import { printable } from '../../printable.ts';
import { findDescribed } from '../../schema/find-described.ts';
import { findMethod, findService } from '../../schema/find-symbol.ts';
import type { Schema } from '../../schema/schema.ts';
import { highlightJson } from '../language/highlight.ts';
import type { ReplCommand } from './command.ts';
import { completeMethod, completeService, completeSymbol } from './complete-symbol.ts';
import type { Session } from './session.ts';

export const listCommand: ReplCommand = {
  name: 'list',
  usage: '[service]',
  summary: 'list services, or the methods of one',
  async run(session, rest) {
    const { view } = session;
    const schema = schemaOf(session);
    if (rest !== '') {
      const service = await session.unlessInterrupted(findService(schema, rest));
      const lines = service.methods.map((method) => methodLine(method, view.styles.dim));
      await view.result(lines.join('\n'));
      return;
    }
    const names = await session.unlessInterrupted(schema.services());
    if (names.length === 0) view.note(`${schema.origin} has no services`);
    else await view.result(names.map((name) => printable(name)).join('\n'));
  },
  complete: ({ schema }, [word = '', surplus]) =>
    surplus === undefined ? completeService(schema, word) : [],
};

export const describeCommand: ReplCommand = {
  name: 'describe',
  usage: '[name]',
  summary: 'show a service, method, message or enum',
  details: `Declarations are shown as a .proto file has them, with full names.

  describe Orders
  describe Orders/Get          with its messages
  describe shop.v1.Order`,
  async run(session, rest) {
    const schema = schemaOf(session);
    const found =
      rest === ''
        ? await session.unlessInterrupted(allServices(schema))
        : [await session.unlessInterrupted(findDescribed(schema, rest))];
    const text = new ProtoText(session.view.styles);
    printDescribed(text, schema, found);
    await session.view.result(text.text.trimEnd());
  },
  complete: ({ schema }, [word = '', surplus]) =>
    surplus === undefined ? completeSymbol(schema, word) : [],
};

export const exampleCommand: ReplCommand = {
  name: 'example',
  usage: '<Service/Method>',
  summary: 'show a request with every field',
  async run(session, rest) {
    const { view } = session;
    const method = await session.unlessInterrupted(findMethod(schemaOf(session), rest));
    const json = formatJson(exampleMessage(method.input), true);
    await view.result(highlightJson(json, view.styles));
  },
  complete: ({ schema }, [word = '', surplus]) =>
    surplus === undefined ? completeMethod(schema, word) : [],
};

/** @throws RpcError when there is neither a server nor a file. */
function schemaOf(session: Session): Schema {
  if (session.schema.origin === 'nothing') session.connected();
  return session.schema;
}
