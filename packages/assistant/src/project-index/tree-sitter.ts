/** The one place that names the package: its types declare the module as a whole. */
export { Language, type Node, Parser, Query, type QueryCapture, type Tree } from 'web-tree-sitter';
