import type { GrammarName } from './grammars.ts';

/**
 * Definitions that can be seen from outside of a function, as tree-sitter queries. Each pattern names
 * the definition's node by its kind and the name's by `@name`; `@quiet` are comments and the text of
 * strings, in which no identifiers are looked for. Node names are those of the grammars' `node-types.json`.
 */
export const definitionQueries: Record<GrammarName, string> = {
  typescript: script(),
  tsx: script(),
  javascript: `
    (function_declaration name: (identifier) @name) @function
    (generator_function_declaration name: (identifier) @name) @function
    (class_declaration name: (identifier) @name) @class
    (class_body (method_definition name: (_) @name) @method)
    (class_body (field_definition property: (_) @name) @field)
    ${globals('program')}
    ${assigned()}
    ${scriptQuiet()}
    (regex_pattern) @quiet`,
  python: `
    (class_definition name: (identifier) @name) @class
    (module [
      (function_definition name: (identifier) @name) @function
      (decorated_definition definition: (function_definition name: (identifier) @name) @function)
      (if_statement (block (function_definition name: (identifier) @name) @function))
    ])
    (class_definition body: (block [
      (function_definition name: (identifier) @name) @method
      (decorated_definition definition: (function_definition name: (identifier) @name) @method)
      (expression_statement (assignment left: (identifier) @name) @field)
    ]))
    (module (expression_statement (assignment left: (identifier) @name) @variable))
    (comment) @quiet
    (string_content) @quiet`,
  go: `
    (function_declaration name: (identifier) @name) @function
    (method_declaration name: (field_identifier) @name) @method
    (type_spec name: (type_identifier) @name type: (interface_type)) @interface
    (type_spec name: (type_identifier) @name type: (struct_type)) @class
    (type_spec name: (type_identifier) @name
      type: [(type_identifier) (qualified_type) (function_type) (map_type) (slice_type)
             (array_type) (pointer_type) (channel_type) (generic_type)]) @type
    (type_alias name: (type_identifier) @name) @type
    (interface_type (method_elem name: (field_identifier) @name) @method)
    (source_file (const_declaration (const_spec name: (identifier) @name) @constant))
    (source_file (var_declaration [
      (var_spec name: (identifier) @name) @variable
      (var_spec_list (var_spec name: (identifier) @name) @variable)
    ]))
    (comment) @quiet
    (interpreted_string_literal) @quiet
    (raw_string_literal) @quiet`,
  rust: `
    (source_file (function_item name: (identifier) @name) @function)
    (mod_item body: (declaration_list (function_item name: (identifier) @name) @function))
    (impl_item body: (declaration_list (function_item name: (identifier) @name) @method))
    (trait_item body: (declaration_list [
      (function_item name: (identifier) @name) @method
      (function_signature_item name: (identifier) @name) @method
    ]))
    (struct_item name: (type_identifier) @name) @class
    (union_item name: (type_identifier) @name) @class
    (enum_item name: (type_identifier) @name) @enum
    (trait_item name: (type_identifier) @name) @interface
    (type_item name: (type_identifier) @name) @type
    (mod_item name: (identifier) @name) @module
    (macro_definition name: (identifier) @name) @macro
    (const_item name: (identifier) @name) @constant
    (static_item name: (identifier) @name) @variable
    (line_comment) @quiet
    (block_comment) @quiet
    (string_content) @quiet`,
  java: `
    (class_declaration name: (identifier) @name) @class
    (record_declaration name: (identifier) @name) @class
    (interface_declaration name: (identifier) @name) @interface
    (annotation_type_declaration name: (identifier) @name) @interface
    (enum_declaration name: (identifier) @name) @enum
    (method_declaration name: (identifier) @name) @method
    (constructor_declaration name: (identifier) @name) @method
    (field_declaration declarator: (variable_declarator name: (identifier) @name)) @field
    (line_comment) @quiet
    (block_comment) @quiet
    (string_literal) @quiet`,
  c: `
    ${cDefinitions()}
    (translation_unit (declaration declarator: (init_declarator declarator: (identifier) @name)) @variable)`,
  cpp: `
    ${cDefinitions()}
    (class_specifier name: (_) @name body: (_)) @class
    (function_definition declarator: (function_declarator declarator: (field_identifier) @name)) @method
    (function_definition declarator: (function_declarator
      declarator: (qualified_identifier name: (_) @name))) @method
    (function_definition declarator: (pointer_declarator declarator: (function_declarator
      declarator: (qualified_identifier name: (_) @name)))) @method
    (field_declaration declarator: (function_declarator declarator: (field_identifier) @name)) @method
    (namespace_definition name: (namespace_identifier) @name) @module
    (alias_declaration name: (type_identifier) @name) @type
    (raw_string_content) @quiet`,
  ruby: `
    (method name: (_) @name) @method
    (singleton_method name: (_) @name) @method
    (class name: (constant) @name) @class
    (class name: (scope_resolution name: (constant) @name)) @class
    (module name: (constant) @name) @module
    (module name: (scope_resolution name: (constant) @name)) @module
    (assignment left: (constant) @name) @constant
    (comment) @quiet
    (string_content) @quiet`,
  bash: `
    (function_definition name: (word) @name) @function
    (program (variable_assignment name: (variable_name) @name) @variable)
    (comment) @quiet
    (raw_string) @quiet`,
  lua: `
    (function_declaration name: (identifier) @name) @function
    (function_declaration name: (dot_index_expression field: (identifier) @name)) @function
    (function_declaration name: (method_index_expression method: (identifier) @name)) @method
    (chunk (assignment_statement
      (variable_list name: [(identifier) @name (dot_index_expression field: (identifier) @name)])
      (expression_list value: (function_definition))) @function)
    (chunk (variable_declaration (assignment_statement
      (variable_list name: (identifier) @name)) @variable))
    (comment) @quiet
    (string_content) @quiet`,
};

function script(): string {
  return `
    (function_declaration name: (identifier) @name) @function
    (generator_function_declaration name: (identifier) @name) @function
    (function_signature name: (identifier) @name) @function
    (class_declaration name: (type_identifier) @name) @class
    (abstract_class_declaration name: (type_identifier) @name) @class
    (interface_declaration name: (type_identifier) @name) @interface
    (type_alias_declaration name: (type_identifier) @name) @type
    (enum_declaration name: (identifier) @name) @enum
    (internal_module name: (identifier) @name) @module
    (class_body (method_definition name: (_) @name) @method)
    (class_body (abstract_method_signature name: (_) @name) @method)
    (class_body (public_field_definition name: (_) @name) @field)
    (interface_body (method_signature name: (_) @name) @method)
    (interface_body (property_signature name: (_) @name) @field)
    ${globals('program')}
    ${assigned()}
    ${scriptQuiet()}
    (regex_pattern) @quiet`;
}

/** `const`, `let` and `var` of a module, exported or not. */
function globals(root: string): string {
  const isFunction = 'value: [(arrow_function) (function_expression)]';
  return `
    (${root} [
      (lexical_declaration (variable_declarator name: (identifier) @name ${isFunction}) @function)
      (export_statement (lexical_declaration
        (variable_declarator name: (identifier) @name ${isFunction}) @function))
    ])
    (${root} [
      (lexical_declaration (variable_declarator name: (identifier) @name) @constant)
      (export_statement (lexical_declaration (variable_declarator name: (identifier) @name) @constant))
      (variable_declaration (variable_declarator name: (identifier) @name) @variable)
    ])`;
}

/** `exports.name = function…`, of modules in the older way. */
function assigned(): string {
  return `
    (program (expression_statement (assignment_expression
      left: (member_expression property: (property_identifier) @name)
      right: [(arrow_function) (function_expression)]) @function))`;
}

function scriptQuiet(): string {
  return '(comment) @quiet (string_fragment) @quiet';
}

function cDefinitions(): string {
  return `
    (function_definition declarator: (function_declarator declarator: (identifier) @name)) @function
    (function_definition declarator: (pointer_declarator
      declarator: (function_declarator declarator: (identifier) @name))) @function
    (translation_unit (declaration
      declarator: (function_declarator declarator: (identifier) @name)) @function)
    (struct_specifier name: (type_identifier) @name body: (_)) @class
    (union_specifier name: (type_identifier) @name body: (_)) @class
    (enum_specifier name: (type_identifier) @name body: (_)) @enum
    (type_definition declarator: (type_identifier) @name) @type
    (preproc_def name: (identifier) @name) @macro
    (preproc_function_def name: (identifier) @name) @macro
    (comment) @quiet
    (string_content) @quiet
    (system_lib_string) @quiet`;
}
