type Json = Readonly<Record<string, unknown>>;

/** The deepest that is looked into. */
const maxDepth = 32;
/** Members whose values are made of whatever a tool takes or gives. */
const freeForm: ReadonlySet<string> = new Set([
  'args',
  'arguments',
  'input_schema',
  'parameters',
  'parametersJsonSchema',
  'inputSchema',
  'response',
  'schema',
]);

/**
 * The names of tools that a request offers or an answer calls, in any dialect: those of functions, and those of
 * tools that providers run (`web_search`).
 */
export function toolNamesIn(body: unknown): string[] {
  const names = new Set<string>();
  collect(body, names, 0);
  return [...names];
}

function collect(value: unknown, names: Set<string>, depth: number): void {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return;
  if (Array.isArray(value)) {
    for (const each of value) collect(each, names, depth + 1);
    return;
  }
  const object = value as Json;
  for (const name of namesOf(object)) names.add(name);
  if (Array.isArray(object.tools)) {
    for (const tool of object.tools) for (const name of hostedNames(tool)) names.add(name);
  }
  for (const [member, inner] of Object.entries(object)) {
    const isCall = member === 'input' && typeof object.name === 'string';
    if (!isCall && !freeForm.has(member)) collect(inner, names, depth + 1);
    // A whole answer of the Responses API, not what a function gave.
    else if (member === 'response' && Array.isArray((inner as Json | null)?.output)) {
      collect(inner, names, depth + 1);
    }
  }
}

/** Of functions and calls, which say by a member or by their type what they are. */
function namesOf(object: Json): string[] {
  const found = [object.function, object.custom, object.functionCall, object.function_call]
    .map((each) => (each as Json | null | undefined)?.name)
    .filter((name) => typeof name === 'string');
  const { name, type } = object;
  const isTool = typeof type === 'string' && /(?:tool_use|_call|^function|^custom)$/.test(type);
  if (isTool && typeof name === 'string') found.push(name);
  for (const member of ['functionDeclarations', 'function_declarations', 'functions']) {
    const list = object[member];
    if (Array.isArray(list)) found.push(...list.flatMap(nameOf));
  }
  const spec = object.toolSpec ?? object.toolUse;
  return [...found, ...nameOf(spec)];
}

/** Of a member of `tools` that is no function. */
function hostedNames(tool: unknown): string[] {
  if (typeof tool !== 'object' || tool === null) return [];
  const { name, type } = tool as Json;
  if (typeof name === 'string') return [name];
  if (type === 'function' || type === 'custom') return [];
  if (typeof type === 'string') return [type];
  return Object.keys(tool).filter((key) => !/^function_?declarations$/i.test(key));
}

function nameOf(value: unknown): string[] {
  const name = (value as Json | null | undefined)?.name;
  return typeof name === 'string' ? [name] : [];
}
