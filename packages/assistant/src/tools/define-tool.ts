import { RpcError } from '@zeke/rpc';
import { z } from 'zod';
import type { Tool } from './tool.ts';

/** A tool but for what follows from the schema of its arguments. */
export interface ToolDefinition<Schema extends z.ZodObject>
  extends Omit<Tool<z.output<Schema>>, 'parameters' | 'parse'> {
  /** Fields have a `describe` each: models read it. */
  readonly input: Schema;
}

/** A tool whose arguments are described and checked by one schema. */
export function defineTool<Schema extends z.ZodObject>(
  definition: ToolDefinition<Schema>,
): Tool<z.output<Schema>> {
  const { input, ...tool } = definition;
  const { $schema: _dialect, ...parameters } = z.toJSONSchema(input, { io: 'input' });
  return {
    ...tool,
    parameters,
    parse: (value) => {
      const checked = input.safeParse(value);
      if (checked.success) return checked.data;
      const faults = checked.error.issues.map(
        ({ path, message }) => `${path.length > 0 ? path.join('.') : 'arguments'}: ${message}`,
      );
      throw new RpcError('invalid_argument', `${tool.name}: ${faults.join('; ')}`);
    },
  };
}
