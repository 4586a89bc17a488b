/** The operator interface under a name of its own; it is declared with the graph it belongs to. */
export type {
  Attributes,
  AttributeValue,
  NodeContext,
  Operator,
  OutputSpec,
} from "./graph.ts";
