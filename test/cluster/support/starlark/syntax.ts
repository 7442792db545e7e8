/** Where something stands, for messages. */
export type Place = { line: number };

export type Parameter = { name: string; isRest: boolean; fallback: Expression | undefined };
export type Argument = { name: string | undefined; isSpread: boolean; value: Expression };
export type Clause =
  | { kind: 'for'; names: string[]; over: Expression }
  | { kind: 'if'; test: Expression };

export type Expression = Place &
  (
    | { kind: 'constant'; value: string | number | boolean | null }
    | { kind: 'name'; name: string }
    | { kind: 'list'; items: Expression[] }
    | { kind: 'dict'; entries: [Expression, Expression][] }
    | { kind: 'comprehension'; key: Expression | undefined; item: Expression; clauses: Clause[] }
    | { kind: 'call'; callee: Expression; args: Argument[] }
    | { kind: 'attribute'; of: Expression; name: string }
    | { kind: 'index'; of: Expression; at: Expression }
    | { kind: 'unary'; operator: string; operand: Expression }
    | { kind: 'binary'; operator: string; left: Expression; right: Expression }
    | { kind: 'conditional'; test: Expression; yes: Expression; otherwise: Expression }
  );

export type Statement = Place &
  (
    | { kind: 'load'; path: string; names: string[] }
    | { kind: 'def'; name: string; parameters: Parameter[]; body: Statement[] }
    | { kind: 'return'; value: Expression | undefined }
    | { kind: 'if'; test: Expression; yes: Statement[]; otherwise: Statement[] }
    | { kind: 'for'; names: string[]; over: Expression; body: Statement[] }
    | { kind: 'assign'; target: Expression; operator: string; value: Expression }
    | { kind: 'expression'; value: Expression }
    | { kind: 'pass' }
  );
