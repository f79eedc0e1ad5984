import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv';
import { plainSchema } from './plain-schema.ts';

const maxReasonChars = 1_000;

/** Says what is wrong with a value, or nothing. */
export type SchemaCheck = (value: unknown) => string | undefined;

/**
 * The check of a schema that a server gave, as far as it can be made at a bounded cost. A schema that is none
 * refuses nothing.
 */
export function schemaCheck(schema: Readonly<Record<string, unknown>>): SchemaCheck {
  try {
    const validate = new AjvJsonSchemaValidator().getValidator(plainSchema(schema));
    return (value) => {
      const { errorMessage, valid } = validate(value);
      return valid ? undefined : errorMessage.slice(0, maxReasonChars);
    };
  } catch {
    return () => undefined;
  }
}
